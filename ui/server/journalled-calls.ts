import { groupCall } from '../../exporter/calls/group.ts';
import type { JournalCall } from '../../exporter/decisions/collect.ts';
import { type Database, keyOf, withFacts } from '../../exporter/store/index.ts';
import { type CallPosition, type CallSelection, listCallPage } from '../../exporter/store/views/index.ts';

/** So much is looked at for one answer, at most: the latest. */
const MOST_CALLS = 1_000;
const MOST_TURNS = 20_000;
/** Calls whose spans are read at once. */
const PAGE = 10;

/** Calls of a selection as the journal has them, the latest first, as many as one answer may be of. */
export class JournalledCalls {
  readonly #db: Database;
  readonly #callGapMs: number;
  readonly #pause: () => Promise<void>;
  #calls = 0;
  #turns = 0;
  #isCut = false;

  /** @param pause - lets other work go on */
  constructor(db: Database, callGapMs: number, pause: () => Promise<void>) {
    this.#db = db;
    this.#callGapMs = callGapMs;
    this.#pause = pause;
  }

  /** What was left out of those that were read. */
  get notes(): string[] {
    return this.#isCut
      ? [
          `Only the latest ${this.#calls.toLocaleString('en-US')} calls are looked at: the command takes more.`,
        ]
      : [];
  }

  async *of(selection: CallSelection): AsyncGenerator<JournalCall> {
    let after: CallPosition | undefined;
    while (!this.#isCut) {
      const { calls, next } = await listCallPage(this.#db, selection, { limit: PAGE, after });
      for (const { call, facts } of await withFacts(this.#db, calls, this.#callGapMs)) {
        this.#calls += 1;
        this.#turns += call.turn_count;
        yield { key: keyOf(call), call: facts.length === 0 ? undefined : groupCall(facts) };
        await this.#pause();
      }
      if (next === undefined) return;
      after = next;
      this.#isCut = this.#calls >= MOST_CALLS || this.#turns >= MOST_TURNS;
    }
  }
}
