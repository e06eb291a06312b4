import type { Fact } from '../../model/facts.ts';

/** Beyond so many the oldest is forgotten, and finalized by another process when it is long overdue. */
const MAX = 4_096;

/** The calls whose spans this process has written and that it has not finalized since. */
export class OwnCalls {
  readonly #ids = new Set<string>();

  get ids(): readonly string[] {
    return [...this.#ids];
  }

  written(facts: readonly Fact[]): void {
    for (const { callId } of facts) {
      // The latest is the last one.
      this.#ids.delete(callId);
      this.#ids.add(callId);
    }
    for (const callId of this.#ids) {
      if (this.#ids.size <= MAX) break;
      this.#ids.delete(callId);
    }
  }

  finalized(callId: string): void {
    this.#ids.delete(callId);
  }
}
