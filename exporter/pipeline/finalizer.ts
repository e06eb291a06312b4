import type { CallKey, ClaimedGroup, TakeResult } from '../store/index.ts';
import { callOf, type Order, resultOf, type ThreadData } from './finalizer-messages.ts';
import { FinalizerThread, type Outcome } from './finalizer-thread.ts';
import type { DoneCall, EndedCall, EndingCall, Finalizing } from './finalizing.ts';

export interface FinalizerOptions {
  /** What does the work where there is no thread. */
  here: Finalizing;
  /**
   * What the thread needs to do it; undefined where it cannot: with a price list of the caller's own, and with a database
   * that has no URL.
   */
  thread: ThreadData | undefined;
  /** To compute the rows of one call, in milliseconds. (Default: 10 000 ms.) */
  timeLimitMs?: number;
  /** Of the thread, in MiB. (Default: 256.) */
  memoryLimitMb?: number;
}

/**
 * Finalizes calls in a thread of its own, with a database connection of its own, so that no call holds this process's
 * event loop. The thread is started when it is first needed.
 */
export class Finalizer implements Finalizing {
  readonly #here: Finalizing;
  readonly #thread: FinalizerThread | undefined;
  /** One order after the other. */
  #work: Promise<unknown> = Promise.resolve();

  constructor({ here, thread, timeLimitMs = 10_000, memoryLimitMb = 256 }: FinalizerOptions) {
    this.#here = here;
    this.#thread = thread && new FinalizerThread({ data: thread, timeLimitMs, memoryLimitMb });
  }

  /** @throws also EARSHOT_TIMEOUT or ERR_WORKER_OUT_OF_MEMORY, beyond the limits. */
  async finalize(group: ClaimedGroup): Promise<TakeResult<DoneCall>> {
    const outcome = await this.#order({ finalize: group });
    if (outcome === undefined) return this.#here.finalize(group);
    if (!('finalized' in outcome)) throw new TypeError('The thread gave another answer.');
    return resultOf(outcome.finalized);
  }

  /** @throws also EARSHOT_TIMEOUT or ERR_WORKER_OUT_OF_MEMORY, beyond the limits. */
  async end(call: EndingCall): Promise<EndedCall> {
    const outcome = await this.#order({ end: call });
    if (outcome === undefined) return this.#here.end(call);
    if (!('ended' in outcome)) throw new TypeError('The thread gave another answer.');
    return { ...outcome.ended, finalized: outcome.ended.finalized.map(callOf) };
  }

  /** The database lets go of the work of a thread that is gone. */
  putBack(call: CallKey, error: unknown, claim: string): Promise<TakeResult<DoneCall>> {
    return this.#here.putBack(call, error, claim);
  }

  /** Ends the thread, and what it is at. */
  close(): Promise<void> {
    return this.#thread?.close() ?? Promise.resolve();
  }

  #order(order: Order): Promise<Outcome | undefined> {
    const outcome = this.#work.then(() => (this.#thread?.missing ? undefined : this.#thread?.run(order)));
    this.#work = outcome.catch(() => {});
    return outcome;
  }
}
