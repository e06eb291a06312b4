import { diag } from '@opentelemetry/api';
import type { Fact } from '../../model/facts.ts';
import { databaseVariable } from '../../model/settings.ts';
import { Alarm } from '../kit/alarm.ts';
import { limit, within } from '../kit/deadline.ts';
import { Episode } from '../kit/episode.ts';
import { EarshotError } from '../kit/errors.ts';
import type { PipelineMetrics } from '../metrics/pipeline-metrics.ts';
import type { SpoolQueue } from '../spool/spool-queue.ts';
import { errorClass, SchemaError } from '../store/errors.ts';
import type { AppendResult } from '../store/journal.ts';
import { lastingProblem } from '../store/lasting.ts';
import type { FactBuffer } from './buffer.ts';

/** Facts per statement: a millisecond or two of the event loop, to sort them and write them as JSON. */
const BATCH = 500;
/** Files of a process that died beside us are found within this time. */
const IDLE_MS = 5_000;
const MIN_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 5_000;
/** A database that is away for longer is not a hiccup: what waits goes to disk, where a crash does not reach it. */
const SPOOL_AFTER_MS = 1_000;

/** Where facts go: the journal. */
export interface FactSink {
  append(facts: readonly Fact[]): Promise<AppendResult>;
}

export interface FactWriterOptions {
  /** Gives the journal of the open database; opens it where it is not open yet. */
  connect: () => Promise<FactSink>;
  /** Called with facts that are committed. */
  onWritten?: (facts: readonly Fact[]) => void;
  buffer: FactBuffer;
  spool: SpoolQueue;
  metrics: PipelineMetrics;
  /** Between two writes, in milliseconds. */
  flushIntervalMs: number;
  /** A write that takes longer counts as failed, in milliseconds. */
  writeTimeoutMs: number;
}

/**
 * What the writer is at, and how many attempts in a row have failed: none where the database is there. It is `waiting`
 * for its alarm, or `writing`, with or without failures behind it.
 */
type State =
  | { readonly kind: 'waiting'; readonly failures: number }
  | {
      readonly kind: 'writing';
      readonly failures: number;
      readonly sinceMs: number;
      /** All that waited when it began is committed. */
      readonly done: Promise<boolean>;
    };

/**
 * Carries facts from the buffer to the journal, one write at a time, and to the spool while the database is away.
 * Nothing here throws into the application, and no timer keeps its process alive.
 */
export class FactWriter {
  readonly #options: FactWriterOptions;
  readonly #outage = new Episode();
  readonly #loss = new Episode();
  #accepted = 0;
  #overflowed = 0;
  /** Dropped since the episode's first were said. */
  #unsaid = 0;
  readonly #alarm = new Alarm(() => this.#guard(this.#tick()));
  #state: State = { kind: 'waiting', failures: 0 };
  #relieving = false;
  #stopped = false;

  constructor(options: FactWriterOptions) {
    this.#options = options;
  }

  /** The last attempt failed. */
  get #away(): boolean {
    return this.#state.failures > 0;
  }

  /** Connects, and looks for what processes that died have left in the spool. */
  start(): void {
    this.#alarm.within(0);
  }

  /** Takes a fact in. False when there is no room for it, or after `stop`. */
  accept(fact: Fact): boolean {
    if (this.#stopped) return false;
    const { buffer, flushIntervalMs } = this.#options;
    const accepted = buffer.push(fact);
    if (accepted) this.#accepted += 1;
    else this.#overflowed += 1;
    if (this.#away) {
      // The next attempt has its time; only the buffer cannot wait for it.
      if (buffer.overHalf) this.#guard(this.#relieve());
    } else {
      const burst = buffer.queued >= BATCH && this.#state.kind === 'waiting';
      this.#alarm.within(burst ? 0 : flushIntervalMs);
    }
    return accepted;
  }

  /**
   * Resolves when all facts accepted so far are committed, or safe in the spool: true when all of them are committed.
   * @throws EarshotError when they are neither; they are kept, and tried again.
   */
  async flush(timeoutMs: number): Promise<boolean> {
    const { buffer, spool } = this.#options;
    const deadlineMs = performance.now() + timeoutMs;
    this.#report();
    // The write under way took its facts, and maybe most of its time, before this call: a second one follows it, also
    // when it fails.
    const underWay = this.#state.kind === 'writing';
    for (let round = 0; round < 2 && buffer.size > 0; round += 1) {
      const leftMs = Math.max(0, deadlineMs - performance.now());
      const written = await within(leftMs, this.#write(), false);
      if (!written && (round === 1 || !underWay)) break;
      if (round === 1) return true;
    }
    if (buffer.size === 0) return true;
    // Those of a write that hangs go to the spool as well: delivered twice is delivered once.
    const batch = buffer.takeAll();
    if (await spool.store(batch)) {
      buffer.settle(batch);
      return false;
    }
    buffer.restore(batch);
    throw new EarshotError(
      'EARSHOT_NOT_SAVED',
      `${batch.length} spans could be written neither to the database nor to the spool.`,
    );
  }

  /** Takes no more facts and starts no more writes. What is still held can be saved by `saveAtExit`. */
  stop(): void {
    this.#stopped = true;
    this.#alarm.stop();
    this.#report();
  }

  /** The last resort of a process that exits: what is not committed goes to the spool, at once. Never throws. */
  saveAtExit(): void {
    this.stop();
    const { buffer, spool } = this.#options;
    const batch = buffer.takeAll();
    if (batch.length > 0) spool.storeSync(batch);
    buffer.settle(batch);
    spool.releaseSync();
  }

  /** Nothing is left unhandled in the application's process, whatever a meter or a logger of its own throws. */
  #guard(work: Promise<void>): void {
    work.catch((error: unknown) => {
      diag.error('earshot: a flush failed and is tried again.', error);
      this.#alarm.within(MAX_BACKOFF_MS);
    });
  }

  async #tick(): Promise<void> {
    this.#report();
    const { buffer, spool, flushIntervalMs } = this.#options;
    if (this.#state.kind === 'writing') {
      this.#alarm.within(flushIntervalMs);
      await this.#relieve();
      return;
    }
    // Looked after while it writes, which can take as long as a database that hangs.
    this.#alarm.within(Math.max(flushIntervalMs, SPOOL_AFTER_MS / 4));
    const written = await this.#write();
    if (written) {
      if (buffer.queued >= BATCH || spool.pending) this.#alarm.within(0);
      else if (buffer.size > 0) this.#alarm.within(flushIntervalMs);
      else this.#alarm.after(IDLE_MS);
    } else {
      const backoffMs = Math.min(MIN_BACKOFF_MS * 2 ** (this.#state.failures - 1), MAX_BACKOFF_MS);
      this.#alarm.after(backoffMs * (0.75 + Math.random() / 4));
      await this.#relieve();
    }
  }

  /** Writes what waits. True: all that waited when it began is committed. A second caller gets the first one's. */
  #write(): Promise<boolean> {
    if (this.#state.kind === 'writing') return this.#state.done;
    const sinceMs = performance.now();
    const done = this.#writeAll().finally(() => {
      this.#state = { kind: 'waiting', failures: this.#state.failures };
    });
    this.#state = { kind: 'writing', failures: this.#state.failures, sinceMs, done };
    return done;
  }

  async #writeAll(): Promise<boolean> {
    const { buffer, spool } = this.#options;
    try {
      const sink = await this.#connected();
      for (let waiting = buffer.queued; waiting > 0; waiting -= BATCH) {
        const batch = buffer.take(BATCH);
        try {
          await this.#append(sink, batch);
          buffer.settle(batch);
        } catch (error) {
          buffer.restore(batch);
          throw error;
        }
      }
      // One piece a round: new spans do not wait for a long spool.
      await spool.replay((facts) => this.#append(sink, facts));
      this.#recovered();
      return true;
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  #connected(): Promise<FactSink> {
    const { connect, writeTimeoutMs } = this.#options;
    return limit(writeTimeoutMs, 'connecting to the database', connect());
  }

  async #append(sink: FactSink, facts: readonly Fact[]): Promise<void> {
    const { metrics, onWritten, writeTimeoutMs } = this.#options;
    for (let start = 0; start < facts.length; start += BATCH) {
      const batch = facts.slice(start, start + BATCH);
      const appending = sink.append(batch);
      // Also of a write that comes through after it was given up: the attempt that follows finds its spans there.
      appending.then(({ written }) => metrics.written(written)).catch(() => {});
      const { refused } = await limit(writeTimeoutMs, 'writing spans', appending);
      if (refused.length > 0) {
        metrics.dropped(refused.length, 'refused');
        diag.warn(
          `earshot: the database refused ${refused.length} spans by their content (${refused[0]?.reason}).`,
        );
      }
      onWritten?.(batch);
    }
  }

  #recovered(): void {
    this.#state = { ...this.#state, failures: 0 };
    this.#outage.end((seconds) =>
      diag.info(`earshot: spans are written to the database again, after ${seconds.toFixed(1)} s.`),
    );
  }

  #failed(error: unknown): void {
    this.#state = { ...this.#state, failures: this.#state.failures + 1 };
    // Not the error itself: a database quotes the data that it refuses. A schema that does not fit says what to do.
    const problem = lastingProblem(error);
    const reason = error instanceof SchemaError ? error.message : errorClass(error);
    const what =
      problem === undefined
        ? `spans cannot be written to the database (${reason}).`
        : `spans cannot be written to the database. ${databaseVariable()}: ${problem}`;
    this.#outage.begin(() =>
      diag.warn(`earshot: ${what} They wait in memory and in ${this.#options.spool.dir} until it is back.`),
    );
  }

  /** Moves what waits to the spool when the database is away, or silent, for too long or with too much waiting. */
  async #relieve(): Promise<void> {
    const { buffer, spool } = this.#options;
    const writingMs = this.#state.kind === 'writing' ? performance.now() - this.#state.sinceMs : 0;
    const awayMs = Math.max(this.#outage.ageMs, writingMs);
    const tooLong = awayMs > SPOOL_AFTER_MS;
    const tooMuch = buffer.overHalf && this.#away;
    if (this.#relieving || buffer.queued === 0 || !(tooLong || tooMuch)) return;
    this.#relieving = true;
    const batch = buffer.take(Number.POSITIVE_INFINITY);
    try {
      if (await spool.store(batch)) buffer.settle(batch);
    } finally {
      // Changes nothing when the batch was settled.
      buffer.restore(batch);
      this.#relieving = false;
    }
  }

  #report(): void {
    const { metrics, buffer } = this.#options;
    metrics.accepted(this.#accepted);
    this.#accepted = 0;
    const lost = this.#overflowed;
    this.#overflowed = 0;
    if (lost > 0) {
      metrics.dropped(lost, 'buffer_full');
      this.#unsaid += lost;
      this.#loss.begin(() => {
        this.#unsaid = 0;
        diag.warn(
          `earshot: ${lost} spans dropped and counted, more may follow: the buffer of ${buffer.capacity} is full (EARSHOT_BUFFER_SPANS).`,
        );
      });
    }
    if (this.#stopped || (lost === 0 && !buffer.overHalf))
      this.#loss.end(() => {
        if (this.#unsaid > 0) diag.warn(`earshot: ${this.#unsaid} more spans dropped and counted.`);
      });
  }
}
