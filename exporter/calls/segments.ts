import type { Micros } from '../facts.ts';
import type { MarkedTurn } from './marks.ts';
import { SEGMENTS, type Segment } from './rows.ts';

/** Length of each segment in whole microseconds, null where its mark did not happen. */
export type Segments = Record<Segment, Micros | null>;

/**
 * EOU latency in whole microseconds: end of utterance → playback start. Null when either is not known, and when the
 * agent was heard before the utterance ended: nobody waited for it.
 */
export function eouLatencyUs({ eouUs, marks: { playbackStartedUs } }: MarkedTurn): Micros | null {
  if (eouUs === undefined || playbackStartedUs === undefined || playbackStartedUs < eouUs) return null;
  return playbackStartedUs - eouUs;
}

/**
 * The time between neighbouring marks, from the end of utterance to the playback. The lengths add up to
 * `eouLatencyUs` exactly; all are null where that is.
 *
 * A mark that did not happen has no segment: its time falls to the next one that has. A mark that came before its
 * predecessor (an LLM request sent before the turn was committed) has a segment of 0: that work cost no waiting.
 */
export function segmentsOf(turn: MarkedTurn): Segments {
  const segments = Object.fromEntries(SEGMENTS.map((segment) => [segment, null])) as Segments;
  const { eouUs, marks } = turn;
  const { playbackStartedUs } = marks;
  if (eouUs === undefined || playbackStartedUs === undefined || playbackStartedUs < eouUs) return segments;

  const ends: Record<Segment, Micros | undefined> = {
    endpointing: marks.committedUs,
    preparation: marks.llmStartedUs,
    llm: marks.llmFirstByteUs,
    aggregation: marks.ttsStartedUs,
    tts: marks.ttsFirstByteUs,
    playout: playbackStartedUs,
  };
  let previousUs = eouUs;
  for (const segment of SEGMENTS) {
    const endUs = ends[segment];
    if (endUs === undefined) continue;
    const clampedUs = Math.min(Math.max(previousUs, endUs), playbackStartedUs);
    segments[segment] = clampedUs - previousUs;
    previousUs = clampedUs;
  }
  return segments;
}
