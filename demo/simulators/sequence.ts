import type { Random, Range } from './random.ts';

/** Runs what was asked for after drawn delays, and never out of order. */
export class Sequence {
  readonly #random: Random;
  readonly #range: Range;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #waiting: (() => void)[] = [];
  #lastDue = 0;

  constructor(random: Random, range: Range) {
    this.#random = random;
    this.#range = range;
  }

  /** Runs `action` after a delay, and not before what was asked for earlier. @param ms (Default: it is drawn.) */
  later(action: () => void, ms: number = this.#random.between(...this.#range)): void {
    this.#lastDue = Math.max(this.#lastDue, performance.now() + ms);
    this.#waiting.push(action);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      // The oldest, whichever timer is first: of two that are due at almost the same time the second may be.
      this.#waiting.shift()?.();
    }, this.#lastDue - performance.now());
    this.#timers.add(timer);
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
