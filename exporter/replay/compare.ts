import type { Micros } from '../../model/facts.ts';
import type { CallLogRow } from '../../model/rows.ts';
import { SEGMENTS, type Segment } from '../../model/vocabulary.ts';
import type { GroupedCall } from '../calls/grouped.ts';
import { markTurn } from '../calls/marks.ts';

/** A turn in which someone spoke, as it was and as it was played again. Seconds; null: not known. */
export interface ReplayedTurn {
  /** In the call that was saved. */
  readonly turn: number;
  /** In the one that was made; null: the agent made no turn of it. */
  readonly replayedTurn: number | null;
  readonly saved: Silence;
  readonly replayed: Silence;
  /** From the end of speech to the first audio, as the caller heard it. */
  readonly heard: number | null;
  readonly difference: number | null;
  /** The segment that is longer or shorter by the most, and by how much. */
  readonly most: { readonly segment: Segment; readonly seconds: number } | null;
}

/** The silence of a turn, and what it is made of. */
export interface Silence {
  readonly silence: number | null;
  readonly segments: Readonly<Record<Segment, number | null>>;
}

/** What the caller knows of something that was said. */
export interface Said {
  readonly endedUs: Micros;
  readonly heardUs?: Micros | undefined;
}

/** How far the end of speech that an agent notes may be from the one that was. */
const NEAR_US = 2_000_000;

/**
 * Compares turns in which the user spoke, by when the user fell silent. Pure.
 *
 * @param turns - of the saved call, in the order in which they were said again
 * @param said - when each was; absent: the replay did not come to it
 */
export function compareTurns(
  saved: readonly CallLogRow[],
  turns: readonly number[],
  said: readonly (Said | undefined)[],
  replayed: readonly CallLogRow[],
  call: GroupedCall | undefined,
): ReplayedTurn[] {
  const rows = (all: readonly CallLogRow[], index: number | undefined) =>
    all.find(({ turn_index }) => turn_index === index);
  const silent = (call?.turns ?? [])
    .map(markTurn)
    .flatMap(({ turn, eouUs }) => (eouUs === undefined ? [] : { index: turn.turnIndex, eouUs }));
  return turns.map((turn, position) => {
    const heard = said[position];
    const found = heard && nearest(silent, heard.endedUs);
    const [before, now] = [silenceOf(rows(saved, turn)), silenceOf(rows(replayed, found?.index))];
    return {
      turn,
      replayedTurn: found?.index ?? null,
      saved: before,
      replayed: now,
      heard: heard?.heardUs === undefined ? null : (heard.heardUs - heard.endedUs) / 1e6,
      difference: before.silence === null || now.silence === null ? null : now.silence - before.silence,
      most: mostDifferent(before, now),
    };
  });
}

function nearest<T extends { readonly eouUs: Micros }>(turns: readonly T[], us: Micros): T | undefined {
  const far = (turn: T): number => Math.abs(turn.eouUs - us);
  const best = turns.reduce<T | undefined>(
    (found, turn) => (found === undefined || far(turn) < far(found) ? turn : found),
    undefined,
  );
  return best !== undefined && far(best) <= NEAR_US ? best : undefined;
}

const silenceOf = (row: CallLogRow | undefined): Silence => ({
  silence: row?.eou_latency ?? null,
  segments: Object.fromEntries(
    SEGMENTS.map((segment) => [segment, row?.[`segment_${segment}`] ?? null]),
  ) as Record<Segment, number | null>,
});

function mostDifferent(before: Silence, now: Silence): ReplayedTurn['most'] {
  if (before.silence === null || now.silence === null) return null;
  const differences = SEGMENTS.map((segment) => ({
    segment,
    seconds: (now.segments[segment] ?? 0) - (before.segments[segment] ?? 0),
  }));
  return differences.reduce((most, one) => (Math.abs(one.seconds) > Math.abs(most.seconds) ? one : most));
}
