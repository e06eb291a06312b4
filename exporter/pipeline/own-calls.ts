import type { Fact } from '../../model/facts.ts';
import { type CallKey, callKey } from '../store/call-key.ts';

/** Beyond so many the oldest is forgotten, and finalized by another process when it is long overdue. */
const MAX = 4_096;

/** The calls whose spans this process has written and that it has not finalized since. */
export class OwnCalls {
  readonly #calls = new Set<CallKey>();

  get calls(): readonly CallKey[] {
    return [...this.#calls];
  }

  has(call: CallKey): boolean {
    return this.#calls.has(call);
  }

  written(facts: readonly Fact[]): void {
    for (const { callId, tenant } of facts) {
      const call = callKey(callId, tenant);
      // The latest is the last one.
      this.#calls.delete(call);
      this.#calls.add(call);
    }
    for (const call of this.#calls) {
      if (this.#calls.size <= MAX) break;
      this.#calls.delete(call);
    }
  }

  finalized(call: CallKey): void {
    this.#calls.delete(call);
  }
}
