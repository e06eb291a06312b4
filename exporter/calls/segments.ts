import type { Micros } from '../../model/facts.ts';
import type { Segment } from '../../model/vocabulary.ts';
import { Coverage, type Interval } from './coverage.ts';
import type { MarkedTurn } from './marks.ts';

/** Length of each segment in whole microseconds, null where its mark did not happen. */
export type Segments = Record<Segment, Micros | null>;

/**
 * EOU latency in whole microseconds: end of utterance → playback start. Null when either is not known, and when the
 * agent was heard before the utterance ended: no one waited for it.
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
 * Tools are taken out of the preparation in which they ran, however many ran at once.
 */
export function segmentsOf(turn: MarkedTurn): Segments {
  const latencyUs = eouLatencyUs(turn);
  const { eouUs, marks } = turn;
  if (latencyUs === null || eouUs === undefined) return NO_SEGMENTS;

  const startedUs = eouUs + latencyUs;
  let previousUs = eouUs;
  const upTo = (markUs: Micros | undefined): Micros | null => {
    if (markUs === undefined) return null;
    const endUs = Math.min(Math.max(previousUs, markUs), startedUs);
    const lengthUs = endUs - previousUs;
    previousUs = endUs;
    return lengthUs;
  };
  // In this order: each begins where the one before it ended.
  const endpointing = upTo(marks.committedUs);
  const preparedFromUs = previousUs;
  const prepared = upTo(marks.llmStartedUs);
  const tools = prepared === null ? 0 : toolsIn(turn, { startUs: preparedFromUs, endUs: previousUs });
  return {
    endpointing,
    preparation: prepared === null ? null : prepared - tools,
    tools: tools > 0 ? tools : null,
    llm: upTo(marks.llmFirstByteUs),
    aggregation: upTo(marks.ttsStartedUs),
    tts: upTo(marks.ttsFirstByteUs),
    playout: upTo(startedUs),
  };
}

/** How long any tool of the turn ran in a stretch of time. */
const toolsIn = ({ turn }: MarkedTurn, stretch: Interval): Micros =>
  new Coverage(turn.stages.filter(({ stage }) => stage === 'tool')).within(stretch);

const NO_SEGMENTS: Segments = {
  endpointing: null,
  preparation: null,
  tools: null,
  llm: null,
  aggregation: null,
  tts: null,
  playout: null,
};
