import type { Grain } from '../../../model/rollups.ts';

/** From an instant to before another one, in microseconds since 1970; either can be infinite. */
export type Span = readonly [from: number, to: number];

export const LENGTH_US: Readonly<Record<Grain, number>> = {
  slice: 300_000_000,
  hour: 3_600_000_000,
  day: 86_400_000_000,
};

/** The longest first. */
const LONGEST = ['day', 'hour', 'slice'] as const;

/** Which periods of which length make up a time, and what of it none does. */
export interface Cover {
  readonly periods: Readonly<Record<Grain, readonly Span[]>>;
  /** To be read from rows. */
  readonly rest: readonly Span[];
}

export interface Coverable {
  /** Where periods begin that are not what the shorter ones in them come to. */
  readonly stale: Readonly<Record<Grain, readonly number[]>>;
  /** Slices that begin then or later are there. */
  readonly slicesFrom: number;
  /** No longer periods. (Default: any.) */
  readonly longestUs?: number;
}

/** Days that are wholly inside, hours where there are none, slices where there are no hours. */
export function coverOf(
  span: Span,
  { stale, slicesFrom, longestUs = Number.POSITIVE_INFINITY }: Coverable,
): Cover {
  let rest: Span[] = [span];
  const periods: Record<Grain, Span[]> = { slice: [], hour: [], day: [] };
  for (const grain of LONGEST) {
    const length = LENGTH_US[grain];
    if (length > longestUs) continue;
    const least = grain === 'slice' ? slicesFrom : Number.NEGATIVE_INFINITY;
    const left: Span[] = [];
    for (const [from, to] of rest) {
      const first = Math.ceil(Math.max(from, least) / length) * length;
      const last = Math.floor(to / length) * length;
      if (first >= last) {
        left.push([from, to]);
        continue;
      }
      left.push([from, first]);
      let at = first;
      for (const hole of stale[grain]
        .filter((each) => each >= first && each < last)
        .toSorted((a, b) => a - b)) {
        periods[grain].push([at, hole]);
        left.push([hole, hole + length]);
        at = hole + length;
      }
      periods[grain].push([at, last]);
      left.push([last, to]);
    }
    periods[grain] = periods[grain].filter(isSome);
    rest = left.filter(isSome);
  }
  return { periods, rest };
}

const isSome = ([from, to]: Span): boolean => from < to;
