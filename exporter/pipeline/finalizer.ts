import { setImmediate } from 'node:timers/promises';
import type { Fact } from '../../model/facts.ts';
import type { CallRows } from '../../model/rows.ts';
import { finalizeCall } from '../finalize.ts';
import type { PriceList } from '../pricing/price-list.ts';
import { FinalizerThread } from './finalizer-thread.ts';
import type { PriceSettings } from './price-list.ts';

/** A call of so many spans is computed in this thread: it takes a few milliseconds at most. */
const INLINE_SPANS = 120;

export interface FinalizerOptions {
  priceList: PriceList;
  /** What the price list was made of, so that the thread can make it too; undefined for a list of the caller's own. */
  settings: PriceSettings | undefined;
  /** For one call, in milliseconds. (Default: 10 000 ms.) */
  timeLimitMs?: number;
  /** Of the thread, in MiB. (Default: 256.) */
  memoryLimitMb?: number;
}

/**
 * Turns the facts of calls into rows: small calls at once, others in a thread of their own, so that no call holds this
 * process's event loop. The thread is started when it is first needed and does not keep the process alive. A price list
 * of the caller's own cannot be taken there: then all calls are computed here.
 */
export class Finalizer {
  readonly #priceList: PriceList;
  readonly #thread: FinalizerThread | undefined;
  /** One call after the other. */
  #work: Promise<unknown> = Promise.resolve();

  constructor({ priceList, settings, timeLimitMs = 10_000, memoryLimitMb = 256 }: FinalizerOptions) {
    this.#priceList = priceList;
    this.#thread = settings && new FinalizerThread({ settings, timeLimitMs, memoryLimitMb });
  }

  /**
   * @throws what the computation throws; EARSHOT_TIMEOUT or ERR_WORKER_OUT_OF_MEMORY beyond the limits.
   */
  finalize(facts: readonly Fact[]): CallRows | Promise<CallRows> {
    const thread = this.#thread;
    if (facts.length <= INLINE_SPANS || thread === undefined || thread.missing) {
      return finalizeCall(facts, this.#priceList);
    }
    const rows = this.#work.then(async () => {
      const computed = await thread.finalize(facts);
      return computed ?? finalizeCall(facts, this.#priceList);
    });
    this.#work = rows.catch(() => setImmediate());
    return rows;
  }

  /** Ends the thread, and what it is at. */
  close(): Promise<void> {
    return this.#thread?.close() ?? Promise.resolve();
  }
}
