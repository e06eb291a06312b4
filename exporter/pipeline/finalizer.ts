import type { CallKey, ClaimedGroup, TakeResult } from '../store/index.ts';
import { callOf, type Order, resultOf, type ThreadData } from './finalizer-messages.ts';
import { FinalizerThread, type Outcome } from './finalizer-thread.ts';
import type { DoneCall, EndedCall, EndingCall, Finalizing, FinalizingHere } from './finalizing.ts';

/**
 * A call of so many spans is finalized in this process: that takes a few milliseconds at most, and a thread takes a part
 * of a second to start, which a process that exits has not, and some 30 MB.
 */
const SMALL_SPANS = 120;

export interface FinalizerOptions {
  /** What does the work on small calls, and on all where there is no thread. */
  here: FinalizingHere;
  /**
   * What the thread needs to do it; undefined where it cannot: with a price list of the caller's own, and with a database
   * that has no URL.
   */
  thread: ThreadData | undefined;
  /**
   * Whether a call is of this process. Calls of others are finalized in the thread, however small: they come in numbers, after
   * the process that should have done it has gone or fallen behind. (Default: all are.)
   */
  isOwn?: (call: CallKey) => boolean;
  /** To compute the rows of one call, in milliseconds. (Default: 10 000 ms.) */
  timeLimitMs?: number;
  /** Of the thread, in MiB. (Default: 256.) */
  memoryLimitMb?: number;
}

/**
 * Finalizes small calls of this process here and others in a thread of its own, with a database connection of its own, so that no call
 * holds this process's event loop. The thread is started when it is first needed.
 */
export class Finalizer implements Finalizing {
  readonly #here: FinalizingHere;
  readonly #thread: FinalizerThread | undefined;
  readonly #isOwn: (call: CallKey) => boolean;
  /** One order after the other. */
  #work: Promise<unknown> = Promise.resolve();

  constructor({
    here,
    thread,
    isOwn = () => true,
    timeLimitMs = 10_000,
    memoryLimitMb = 256,
  }: FinalizerOptions) {
    this.#here = here;
    this.#isOwn = isOwn;
    this.#thread = thread && new FinalizerThread({ data: thread, timeLimitMs, memoryLimitMb });
  }

  /** @throws also EARSHOT_TIMEOUT or ERR_WORKER_OUT_OF_MEMORY, beyond the limits. */
  async finalize(group: ClaimedGroup): Promise<TakeResult<DoneCall>> {
    const isForHere = group.calls.every(
      (call) => (group.sizes.get(call) ?? 0) <= SMALL_SPANS && this.#isOwn(call),
    );
    const outcome = isForHere ? undefined : await this.#order({ finalize: group });
    if (outcome === undefined) return this.#here.finalize(group);
    if (!('finalized' in outcome)) throw new TypeError('The thread gave another answer.');
    return resultOf(outcome.finalized);
  }

  /** @throws also EARSHOT_TIMEOUT or ERR_WORKER_OUT_OF_MEMORY, beyond the limits. */
  async end(call: EndingCall): Promise<EndedCall> {
    const isSmall = (await this.#here.sizeOf(call)) <= SMALL_SPANS;
    const outcome = isSmall ? undefined : await this.#order({ end: call });
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
