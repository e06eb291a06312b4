import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { limit } from '../kit/deadline.ts';
import { errorCode } from '../store/errors.ts';
import {
  errorOf,
  type FromThread,
  type Order,
  type ThreadData,
  type ToThread,
} from './finalizer-messages.ts';

export interface FinalizerThreadOptions {
  data: ThreadData;
  /** To compute the rows of one call, in milliseconds. */
  timeLimitMs: number;
  /** Of the thread, in MiB. */
  memoryLimitMb: number;
}

/** For the connection to be closed, in milliseconds. */
const CLOSE_MS = 1_000;

/** How an order ends well. */
export type Outcome = Exclude<FromThread, { computing: boolean } | { error: unknown }>;

/** The thread that finalizes. It ends with a call that is beyond its limits, and another is started for the next order. */
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
   * Does what it is told; undefined when the thread is `missing`. Not to be called again before it has settled. The
   * process stays alive until then, as for a statement that is under way.
   * @throws what the work throws; EARSHOT_TIMEOUT or ERR_WORKER_OUT_OF_MEMORY beyond the limits.
   */
  async run(order: Order): Promise<Outcome | undefined> {
    const worker = this.#started();
    worker.ref();
    try {
      return await outcomeOf(worker, order, this.#options.timeLimitMs);
    } catch (error) {
      if (error instanceof WorkError) throw error.cause;
      await this.#end();
      this.#missing = errorCode(error) === 'ERR_MODULE_NOT_FOUND' || errorCode(error) === 'MODULE_NOT_FOUND';
      if (this.#missing) return undefined;
      throw error;
    } finally {
      worker.unref();
    }
  }

  /** Closes its connection and ends it, and what it is at. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    worker.ref();
    const gone = once(worker, 'exit');
    worker.postMessage({ close: true } satisfies ToThread);
    await limit(CLOSE_MS, 'ending the thread', gone).catch(() => this.#end());
  }

  /** At once. Its transaction ends with its connection. */
  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const { data, memoryLimitMb } = this.#options;
    const { NODE_OPTIONS: _, ...env } = process.env;
    const worker = new Worker(new URL('./finalizer-program.js', import.meta.url), {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: memoryLimitMb },
      // What the application preloads is not for this thread. The driver reads the variables of PostgreSQL.
      execArgv: [],
      env,
      name: 'earshot',
    });
    // A thread that ends between two orders is restarted for the next.
    worker.on('error', () => {});
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    this.#worker = worker;
    return worker;
  }
}

/** What the work itself threw; the thread lives on. */
class WorkError extends Error {}

function outcomeOf(worker: Worker, order: Order, timeLimitMs: number): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let computed = () => {};
    const settle = (how: () => void) => {
      computed();
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      how();
    };
    const onError = (error: unknown) => settle(() => reject(error));
    const onExit = () => onError(new Error('The thread ended.'));
    const onMessage = (message: FromThread) => {
      if ('error' in message) return onError(new WorkError('', { cause: errorOf(message.error) }));
      if (!('computing' in message)) return settle(() => resolve(message));
      computed();
      if (!message.computing) return;
      const computing = new Promise<void>((done) => {
        computed = done;
      });
      limit(timeLimitMs, 'computing the rows of a call', computing).catch(onError);
    };
    worker.on('message', onMessage).once('error', onError).once('exit', onExit);
    worker.postMessage(order satisfies ToThread);
  });
}
