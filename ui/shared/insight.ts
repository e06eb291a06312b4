import { type ModelNames, type Owner, ownerOf, type SilentTurn, silenceByOwner } from '../../model/owners.ts';
import type { CallLogRow } from '../../model/rows.ts';
import { SEGMENTS, type Segment } from '../../model/vocabulary.ts';
import type { OverTarget, TurnDetail } from './api.ts';
import { shareOf } from './format.ts';

/** What happens in a segment, in a few words that need no glossary. */
export const SEGMENT_WORDS: Readonly<Record<Segment, string>> = {
  endpointing: 'deciding that the caller had finished',
  preparation: 'before the request that was spoken: other requests, own code',
  tools: 'tools before the request that was spoken',
  llm: 'waiting for the first words of the model',
  aggregation: 'collecting the first sentence',
  tts: 'waiting for the first audio',
  playout: 'from the first audio to the ear of the caller',
};

/** How the end of an utterance is known. */
export const EOU_SOURCE_WORDS: Readonly<Record<string, string>> = {
  vad: 'heard by a voice detector',
  stt_word_end: 'from the end of the last word of the transcript',
  stt_event: 'from an event of the transcription: the real silence may be longer',
  framework: 'from a latency that the framework reports',
  turn_start: 'no end of speech is known: the start of the turn stands for it',
};

/** One segment of a turn's silence with its share. */
export interface Part {
  segment: Segment;
  seconds: number;
  share: number;
}

/** The segments of a turn that took time, in order. */
export function partsOf(segments: TurnDetail['segments']): Part[] {
  const known = SEGMENTS.flatMap((segment) => {
    const seconds = segments[segment];
    return seconds === undefined ? [] : [{ segment, seconds }];
  });
  const whole = known.reduce((sum, { seconds }) => sum + seconds, 0);
  return known.map((part) => ({ ...part, share: shareOf(part.seconds, whole) ?? 0 }));
}

/** What took the most of the silence. Undefined: no one waited. */
export const longestPart = (parts: readonly Part[]): Part | undefined =>
  parts.reduce<Part | undefined>(
    (longest, part) => (part.seconds > (longest?.seconds ?? 0) ? part : longest),
    undefined,
  );

/** Silence inside an answer that a caller notices, in seconds. */
const LONG_GAP_SECONDS = 1;

/** The wait behind a filler, where it is long, and whose it is. */
export function longGap(
  row: ModelNames & Pick<CallLogRow, 'longest_gap' | 'longest_gap_part'>,
): { seconds: number; owner?: Owner } | undefined {
  const { longest_gap: seconds, longest_gap_part: part } = row;
  if (seconds === null || seconds < LONG_GAP_SECONDS) return undefined;
  return { seconds, ...(part !== null && { owner: ownerOf(part, row) }) };
}

/** Whose the silence is in the turns of a call that have more of it than a target. */
export function overTarget(
  rows: readonly (SilentTurn & Pick<CallLogRow, 'eou_latency'>)[],
  seconds: number,
): OverTarget {
  const slow = rows.filter(({ eou_latency }) => (eou_latency ?? 0) > seconds);
  return { seconds, turns: slow.length, owners: silenceByOwner(slow) };
}

/** The turn that the caller waited for longest: where to look first. */
export function slowestTurn<T extends { eou_latency: number | null; turn_index: number }>(
  turns: readonly T[],
): T | undefined {
  return turns.reduce<T | undefined>(
    (slowest, turn) => ((turn.eou_latency ?? -1) > (slowest?.eou_latency ?? -1) ? turn : slowest),
    undefined,
  );
}
