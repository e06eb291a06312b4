import { Alarm } from '../../kit/alarm.ts';
import { Episode } from '../../kit/episode.ts';
import type { Database } from '../database.ts';
import { forgetSlices, type MarkedPeriod, markedPeriods, type RollUpOptions, rollUp } from './roll-up.ts';

export interface RollupWorkerOptions extends RollUpOptions {
  /** Between two looks at the marks, in milliseconds, when nothing is known to have changed. (Default: 10 000 ms.) */
  pollMs?: number;
  /** Told once when rollups cannot be computed, until they can be again. (Default: nothing.) */
  onError?: (error: unknown) => void;
}

const POLL_MS = 10_000;
/** From a change in this process to a look, in milliseconds: by then its mark is old enough. */
const WAKE_MS = 6_100;
/** After each period the worker rests for so many times as long as it took: the database has other work. */
const REST = 3;
/** A period that failed is tried again after so long, doubling up to an hour, in milliseconds. */
const RETRY_MS = 10_000;
const MAX_RETRY_MS = 3_600_000;
const FORGET_EVERY_MS = 1_800_000;

/**
 * Computes rollups of what has changed, for as long as it runs, beside whatever else its process does. Any number may run, in
 * any process. Never throws, and does not keep the process alive.
 */
export class RollupWorker {
  readonly #db: Database;
  readonly #options: RollupWorkerOptions;
  readonly #trouble = new Episode();
  /** By period: how often it failed, and when it is tried again. */
  readonly #failed = new Map<string, { times: number; atMs: number }>();
  #alarm: Alarm | undefined;
  #work: Promise<unknown> = Promise.resolve();
  #forgetAtMs = performance.now() + Math.random() * FORGET_EVERY_MS;

  constructor(db: Database, options: RollupWorkerOptions = {}) {
    this.#db = db;
    this.#options = options;
  }

  /** Begins to look at the marks. */
  start(): void {
    if (this.#alarm !== undefined) return;
    this.#alarm = new Alarm(() => {
      this.#work = this.#look();
    });
    // Processes that are started together do not all look together.
    this.#alarm.within(Math.random() * this.#pollMs);
  }

  /** Rows have changed: it looks in a moment. */
  wake(): void {
    this.#alarm?.within(WAKE_MS);
  }

  /** Looks no more. Resolves when the period under way is done. */
  async stop(): Promise<void> {
    this.#alarm?.stop();
    this.#alarm = undefined;
    await this.#work;
  }

  get #pollMs(): number {
    return this.#options.pollMs ?? POLL_MS;
  }

  async #look(): Promise<void> {
    const beganMs = performance.now();
    let more = false;
    try {
      more = await this.#next();
      this.#trouble.end();
    } catch (error) {
      this.#trouble.begin(() => this.#options.onError?.(error));
    }
    const restMs = REST * (performance.now() - beganMs);
    this.#alarm?.within(more ? restMs : Math.max(restMs, this.#pollMs));
  }

  /** The first period that waits. False when none does. */
  async #next(): Promise<boolean> {
    if (performance.now() >= this.#forgetAtMs) {
      this.#forgetAtMs = performance.now() + FORGET_EVERY_MS;
      await forgetSlices(this.#db);
    }
    for (const period of await markedPeriods(this.#db, this.#options)) {
      const key = `${period.grain} ${period.at}`;
      if (performance.now() < (this.#failed.get(key)?.atMs ?? 0)) continue;
      if (await this.#rollUp(key, period)) return true;
    }
    return false;
  }

  async #rollUp(key: string, period: MarkedPeriod): Promise<boolean> {
    try {
      const done = await rollUp(this.#db, period);
      if (done) this.#failed.delete(key);
      return done;
    } catch (error) {
      const times = (this.#failed.get(key)?.times ?? 0) + 1;
      const delayMs = Math.min(RETRY_MS * 2 ** (times - 1), MAX_RETRY_MS);
      this.#failed.set(key, { times, atMs: performance.now() + delayMs });
      throw error;
    }
  }
}
