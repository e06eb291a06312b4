/** Something that ends, or that was watched only for a part of its time. Times are whole steps. */
export interface Observation {
  /** It would not have been seen, had it ended by then (delayed entry). */
  readonly from: number;
  /** When it ended, or was last seen. */
  readonly until: number;
  /** It ended; false: it was still going on when it was last seen (censored). */
  readonly ended: boolean;
}

/**
 * How many of what begins lasts longer than each step (Kaplan and Meier 1958, with delayed entry), from what is seen of it.
 * Observations are added with weights, so that samples of a bootstrap need no copies. It is right where what ends the watching
 * has nothing to do with when it would have ended.
 */
export class Survival {
  readonly #entered: Float64Array;
  readonly #left: Float64Array;
  readonly #ended: Float64Array;

  /** @param steps - what lasts longer is as if it was last seen then. */
  constructor(steps: number) {
    this.#entered = new Float64Array(steps + 1);
    this.#left = new Float64Array(steps + 1);
    this.#ended = new Float64Array(steps + 1);
  }

  get steps(): number {
    return this.#left.length - 1;
  }

  add({ from, until, ended }: Observation, weight = 1): void {
    const last = Math.min(until, this.steps);
    if (from >= last) return;
    this.#entered[from] = (this.#entered[from] ?? 0) + weight;
    this.#left[last] = (this.#left[last] ?? 0) + weight;
    if (ended && until <= this.steps) this.#ended[last] = (this.#ended[last] ?? 0) + weight;
  }

  /** How many were watched at each step: entered before it, and not gone before it. */
  watched(): Float64Array {
    const watched = new Float64Array(this.steps + 1);
    let now = 0;
    for (let step = 0; step <= this.steps; step += 1) {
      watched[step] = now;
      now += (this.#entered[step] ?? 0) - (this.#left[step] ?? 0);
    }
    return watched;
  }

  /** The share that lasts longer than each step, of what lasts longer than `from`; 1 up to there. */
  curve(from: number): Float64Array {
    const watched = this.watched();
    const curve = new Float64Array(this.steps + 1).fill(1);
    let share = 1;
    for (let step = from + 1; step <= this.steps; step += 1) {
      const count = watched[step] ?? 0;
      if (count > 0) share *= 1 - (this.#ended[step] ?? 0) / count;
      curve[step] = share;
    }
    return curve;
  }
}
