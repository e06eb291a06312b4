import type { Micros } from '../../model/facts.ts';

/** A stretch of time. One that ends before it starts is none. */
export interface Interval {
  startUs: Micros;
  endUs: Micros;
}

export const lengthOf = ({ startUs, endUs }: Interval): Micros => endUs - startUs;

/**
 * The time that some intervals cover together, however they overlap. Making one sorts them; questions take logarithmic
 * time. All lengths are whole microseconds.
 */
export class Coverage {
  /** Disjoint, in order, none empty. */
  readonly stretches: readonly Interval[];
  /** How much is covered before each stretch. */
  readonly #beforeUs: readonly Micros[];
  readonly lengthUs: Micros;

  constructor(intervals: readonly Interval[]) {
    this.stretches = merged(intervals);
    let lengthUs = 0;
    this.#beforeUs = this.stretches.map(({ startUs, endUs }) => {
      const beforeUs = lengthUs;
      lengthUs += endUs - startUs;
      return beforeUs;
    });
    this.lengthUs = lengthUs;
  }

  /** How much of a stretch of time is covered. */
  within({ startUs, endUs }: Interval): Micros {
    return endUs > startUs ? this.#upTo(endUs) - this.#upTo(startUs) : 0;
  }

  /** What either covers. */
  with(other: Coverage): Coverage {
    return new Coverage([...this.stretches, ...other.stretches]);
  }

  /** The lengths of what is not covered between two instants, in order. */
  gaps({ startUs, endUs }: Interval): Micros[] {
    const gaps: Micros[] = [];
    let fromUs = startUs;
    for (const stretch of this.stretches) {
      const untilUs = Math.min(stretch.startUs, endUs);
      if (untilUs > fromUs) gaps.push(untilUs - fromUs);
      fromUs = Math.max(fromUs, stretch.endUs);
    }
    if (endUs > fromUs) gaps.push(endUs - fromUs);
    return gaps;
  }

  #upTo(instantUs: Micros): Micros {
    let [low, high] = [0, this.stretches.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.stretches[middle] as Interval).startUs < instantUs) low = middle + 1;
      else high = middle;
    }
    const last = this.stretches[low - 1];
    if (last === undefined) return 0;
    return (this.#beforeUs[low - 1] as Micros) + Math.min(instantUs, last.endUs) - last.startUs;
  }
}

function merged(intervals: readonly Interval[]): Interval[] {
  const ordered = intervals
    .filter(({ startUs, endUs }) => endUs > startUs)
    .sort((a, b) => a.startUs - b.startUs);
  const stretches: Interval[] = [];
  for (const { startUs, endUs } of ordered) {
    const last = stretches.at(-1);
    if (last !== undefined && startUs <= last.endUs) last.endUs = Math.max(last.endUs, endUs);
    else stretches.push({ startUs, endUs });
  }
  return stretches;
}
