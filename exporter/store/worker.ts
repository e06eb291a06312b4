import { Alarm } from '../kit/alarm.ts';
import type { CallKey } from './call-key.ts';
import type { FailedCall, FinalizedCall, TakeResult } from './claimed-calls.ts';
import type { ClaimQueue, TakeOptions } from './queue.ts';

export interface FinalizeWorkerOptions<Call> {
  queue: Pick<ClaimQueue<Call>, 'take' | 'state'>;
  /** Called with each call after its rows are committed. */
  onFinalized?: (call: Call) => void;
  /** Called when something goes wrong: the database is away (no `call`), or a call that was put back for later. */
  onError?: (error: unknown, call?: FailedCall) => void;
  /** The calls of this process, which leaves others to theirs unless they are long overdue. (Default: all alike.) */
  own?: () => readonly CallKey[];
  /** Between two looks while calls wait, in milliseconds. (Default: 1000 ms.) */
  pollMs?: number;
  /**
   * Between two looks while none waits, in milliseconds. A look that fails is tried again after `pollMs`, doubling up to
   * this. (Default: 10 000 ms.)
   */
  idlePollMs?: number;
  /** Calls per transaction. (Default: 16.) */
  batch?: number;
}

/**
 * Finalizes what is due, for as long as it runs. Any number may run, in any process. Never throws, and does not keep the
 * process alive.
 */
export class FinalizeWorker<Call = FinalizedCall> {
  readonly #queue: Pick<ClaimQueue<Call>, 'take' | 'state'>;
  readonly #onFinalized: (call: Call) => void;
  readonly #onError: (error: unknown, call?: FailedCall) => void;
  readonly #own: (() => readonly CallKey[]) | undefined;
  readonly #pollMs: number;
  readonly #idlePollMs: number;
  readonly #batch: number;
  /** While it runs. */
  #alarm: Alarm | undefined;
  /** Looks that have failed since the last that has not. */
  #failedLooks = 0;
  /** Looks at the queue one after the other, so that a drain waits for the look that is under way. */
  #work: Promise<unknown> = Promise.resolve();

  constructor(options: FinalizeWorkerOptions<Call>) {
    this.#queue = options.queue;
    this.#onFinalized = guarded(options.onFinalized);
    this.#onError = guarded(options.onError);
    this.#own = options.own;
    this.#pollMs = options.pollMs ?? 1_000;
    this.#idlePollMs = options.idlePollMs ?? 10_000;
    this.#batch = options.batch ?? 16;
  }

  /** Begins to look at the queue. A second call changes nothing. */
  start(): void {
    if (this.#alarm !== undefined) return;
    this.#alarm = new Alarm(() => void this.#look());
    this.wake();
  }

  /** Looks at the queue within `delayMs`. (Default: 0 ms, at once.) */
  wake(delayMs = 0): void {
    this.#alarm?.within(delayMs);
  }

  /**
   * Finalizes now, without waiting until it is due: the given calls of the default tenant, ended or not; without any, all
   * that have ended, of every tenant.
   * Works on a stopped worker, too. Resolves when it is done or has failed (`onError`).
   * @returns how many calls were finalized.
   */
  drain(callIds?: readonly string[]): Promise<number> {
    return this.#next(async () => {
      if (callIds === undefined) return this.#takeAll({ ended: true });
      let finalized = 0;
      for (let start = 0; start < callIds.length; start += this.#batch) {
        finalized += (await this.#take({ callIds: callIds.slice(start, start + this.#batch) })).finalized
          .length;
      }
      return finalized;
    }, 0);
  }

  /** Looks no more. Resolves when the work under way is done. */
  async stop(): Promise<void> {
    this.#alarm?.stop();
    this.#alarm = undefined;
    await this.#work;
  }

  async #look(): Promise<void> {
    const delayMs = await this.#next(async () => {
      await this.#takeAll({});
      const untilNextMs = await this.#untilNextLook();
      this.#failedLooks = 0;
      return untilNextMs;
    }, undefined);
    this.wake(delayMs ?? this.#untilNextTry());
  }

  /** Calls must not wait long for a database that was away for a moment. */
  #untilNextTry(): number {
    const delayMs = this.#pollMs * 2 ** this.#failedLooks;
    this.#failedLooks += 1;
    return Math.min(delayMs, this.#idlePollMs);
  }

  async #untilNextLook(): Promise<number> {
    const { nextDueMs, nextTakeMs = nextDueMs } = await this.#queue.state(this.#own?.());
    if (nextTakeMs === undefined) return this.#idlePollMs;
    // Another process may end a call sooner; and a call that is due but locked by another worker is not waited for hotly.
    return Math.min(Math.max(nextTakeMs, 100), this.#pollMs);
  }

  async #takeAll(options: TakeOptions): Promise<number> {
    let finalized = 0;
    for (;;) {
      const result = await this.#take(options);
      finalized += result.finalized.length;
      if (result.taken < this.#batch) return finalized;
    }
  }

  async #take(options: TakeOptions): Promise<TakeResult<Call>> {
    const result = await this.#queue.take({ own: this.#own?.(), ...options, limit: this.#batch });
    for (const call of result.finalized) this.#onFinalized(call);
    for (const call of result.failed) this.#onError(call.error, call);
    return result;
  }

  /** Runs `work` after what is under way. A failure is reported and gives `fallback`. */
  #next<Fallback extends number | undefined>(
    work: () => Promise<number>,
    fallback: Fallback,
  ): Promise<number | Fallback> {
    const done = this.#work.then(work).catch((error: unknown) => {
      this.#onError(error);
      return fallback;
    });
    this.#work = done;
    return done;
  }
}

/** A callback that throws must not end the worker. */
function guarded<Parameters extends unknown[]>(
  callback: ((...parameters: Parameters) => void) | undefined,
): (...parameters: Parameters) => void {
  return (...parameters) => {
    try {
      callback?.(...parameters);
    } catch {}
  };
}
