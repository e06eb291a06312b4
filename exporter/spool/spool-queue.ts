import { diag } from '@opentelemetry/api';
import type { Fact } from '../../model/facts.ts';
import { Episode } from '../kit/episode.ts';
import type { PipelineMetrics } from '../metrics/pipeline-metrics.ts';
import { errorClass } from '../store/errors.ts';
import type { Spool } from './spool.ts';
import { warnOfVolatileSpool } from './volatile.ts';

/** What a process has left that is gone is looked for so often: it is one look into a folder. */
const CLAIM_EVERY_MS = 5_000;
const TOUCH_EVERY_MS = 60_000;

/** The spool as the writer uses it: counts what goes in, out and missing, says trouble once, and never throws it. */
export class SpoolQueue {
  readonly #spool: Spool;
  readonly #metrics: PipelineMetrics;
  readonly #trouble = new Episode();
  readonly #full = new Episode();
  #claimAtMs = 0;
  #touchAtMs = 0;
  #readable = true;

  constructor(spool: Spool, metrics: PipelineMetrics) {
    this.#spool = spool;
    this.#metrics = metrics;
  }

  get dir(): string {
    return this.#spool.dir;
  }

  /** There are facts to replay, and they can be read. */
  get pending(): boolean {
    return this.#readable && this.#spool.pending;
  }

  /** True when the facts are no longer the caller's: on disk, or dropped and counted because the spool is full. */
  async store(facts: readonly Fact[]): Promise<boolean> {
    try {
      this.#count(facts.length, await this.#spool.append(facts));
      await this.#touch();
      this.#trouble.end();
      return true;
    } catch (error) {
      this.#troubled(error);
      return false;
    }
  }

  /** The same at once, at exit: facts that cannot be stored are lost, which is counted and said. */
  storeSync(facts: readonly Fact[]): void {
    try {
      this.#count(facts.length, this.#spool.appendSync(facts));
    } catch (error) {
      this.#metrics.dropped(facts.length, 'exit');
      diag.error(
        `earshot: ${facts.length} spans are lost: the process exits, and the spool in ${this.dir} cannot be used (${errorClass(error)}).`,
        error,
      );
    }
  }

  /** Lets another process have the files at once. Never throws. */
  releaseSync(): void {
    this.#spool.releaseSync();
  }

  /**
   * Hands the oldest piece to `write`, and lets go of it when that resolves.
   * @throws what `write` throws; the piece stays then.
   */
  async replay(write: (facts: readonly Fact[]) => Promise<void>): Promise<void> {
    const nowMs = performance.now();
    if (nowMs >= this.#claimAtMs) {
      this.#claimAtMs = nowMs + CLAIM_EVERY_MS;
      this.#readable = true;
      await this.#spool.claim();
    }
    if (!this.pending) return;
    const piece = await this.#guard(() => this.#spool.next());
    if (piece === undefined) return;
    await write(piece.facts);
    await this.#guard(() => piece.done());
    this.#metrics.replayed(piece.facts.length);
    if (piece.corrupt > 0) {
      this.#metrics.dropped(piece.corrupt, 'spool_corrupt');
      diag.warn(
        `earshot: ${piece.corrupt} lines of the spool in ${this.dir} cannot be read. They are kept aside in a file named .bad.`,
      );
    }
    await this.#touch();
  }

  /** A file that cannot be read is left until the next claim: the database is not at fault. */
  async #guard<Value>(work: () => Promise<Value>): Promise<Value | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#readable = false;
      this.#troubled(error);
      return undefined;
    }
  }

  async #touch(): Promise<void> {
    if (performance.now() < this.#touchAtMs) return;
    this.#touchAtMs = performance.now() + TOUCH_EVERY_MS;
    await this.#spool.touch();
  }

  #count(given: number, stored: number): void {
    this.#metrics.spooled(stored);
    if (stored > 0) warnOfVolatileSpool(this.dir);
    this.#metrics.dropped(given - stored, 'spool_full');
    if (stored === given) this.#full.end();
    else {
      this.#full.begin(() =>
        diag.warn(
          `earshot: the spool in ${this.dir} is full (EARSHOT_SPOOL_MAX_BYTES); ${given - stored} spans dropped and counted, more may follow.`,
        ),
      );
    }
  }

  #troubled(error: unknown): void {
    this.#trouble.begin(() =>
      diag.warn(`earshot: the spool in ${this.dir} cannot be used (${errorClass(error)}).`, error),
    );
  }
}
