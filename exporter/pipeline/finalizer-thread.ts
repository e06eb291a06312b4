import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Fact } from '../../model/facts.ts';
import type { CallRows } from '../../model/rows.ts';
import { limit } from '../kit/deadline.ts';
import { errorCode } from '../store/errors.ts';
import type { FromThread, ThreadData, ToThread } from './finalizer-messages.ts';
import { fromPlain, slices } from './finalizer-messages.ts';

export interface FinalizerThreadOptions {
  settings: ThreadData;
  /** For one call, in milliseconds. */
  timeLimitMs: number;
  /** Of the thread, in MiB. */
  memoryLimitMb: number;
}

/** A thread that computes the rows of one call at a time. It ends with a call that is beyond its limits. */
export class FinalizerThread {
  readonly #options: FinalizerThreadOptions;
  #worker: Worker | undefined;
  #missing = false;

  constructor(options: FinalizerThreadOptions) {
    this.#options = options;
  }

  /** Its program is not where this one is: the application is a bundle. */
  get missing(): boolean {
    return this.#missing;
  }

  /**
   * The rows of a call; undefined when the thread is `missing`. Not to be called again before it has settled.
   * @throws what the computation throws; EARSHOT_TIMEOUT or ERR_WORKER_OUT_OF_MEMORY beyond the limits.
   */
  async finalize(facts: readonly Fact[]): Promise<CallRows | undefined> {
    const worker = this.#started();
    try {
      const { begun, rows } = answerOf(worker);
      rows.catch(() => {});
      // In slices: copying all of a large call would hold the event loop.
      for (const slice of slices(facts)) {
        worker.postMessage({ facts: slice, last: false } satisfies ToThread);
        await setImmediate();
      }
      worker.postMessage({ facts: [], last: true } satisfies ToThread);
      // Until the first rows come: how soon the others follow is up to this thread, which may be busy.
      await limit(this.#options.timeLimitMs, 'computing the rows of a call', Promise.race([begun, rows]));
      return await rows;
    } catch (error) {
      if (error instanceof ComputationError) throw error.cause;
      await this.close();
      this.#missing = errorCode(error) === 'ERR_MODULE_NOT_FOUND' || errorCode(error) === 'MODULE_NOT_FOUND';
      if (this.#missing) return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const { settings, memoryLimitMb } = this.#options;
    const worker = new Worker(new URL('./finalizer-program.js', import.meta.url), {
      workerData: settings,
      resourceLimits: { maxOldGenerationSizeMb: memoryLimitMb },
      // Nothing of the application's: what it preloads is not for this thread.
      execArgv: [],
      env: {},
      name: 'earshot',
    });
    worker.unref();
    // A thread that ends between two calls is restarted for the next.
    worker.on('error', () => {});
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    this.#worker = worker;
    return worker;
  }
}

/** What the computation itself threw; the thread lives on. */
class ComputationError extends Error {}

function answerOf(worker: Worker): { begun: Promise<void>; rows: Promise<CallRows> } {
  let begin: () => void = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const rows = new Promise<CallRows>((resolve, reject) => {
    const logs: CallRows['logs'] = [];
    const settle = (how: () => void) => {
      worker.off('message', onMessage).off('error', reject).off('exit', onExit);
      how();
    };
    const onMessage = (message: FromThread) => {
      begin();
      if ('error' in message) {
        const { name, code } = message.error;
        const cause = Object.assign(new Error('The rows of a call cannot be computed.'), {
          name,
          ...(code && { code }),
        });
        return settle(() => reject(new ComputationError('', { cause })));
      }
      if ('logs' in message) {
        logs.push(...message.logs.map(fromPlain));
        return void setImmediate().then(() => worker.postMessage({ more: true } satisfies ToThread));
      }
      const metrics = fromPlain(message.metrics);
      return settle(() => resolve({ metrics, logs }));
    };
    const onExit = () => settle(() => reject(new Error('The thread ended.')));
    worker.on('message', onMessage).once('error', reject).once('exit', onExit);
  });
  return { begun, rows };
}
