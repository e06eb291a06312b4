import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { diag } from '@opentelemetry/api';
import type { Settings } from '../../settings.ts';
import type { Fact } from '../facts.ts';
import type { PriceList } from '../pricing/index.ts';
import type { Database, FinaliseWorker } from '../store/index.ts';
import { FactBuffer } from './buffer.ts';
import { within } from './deadline.ts';
import { atExit } from './exit-hook.ts';
import { PipelineMetrics } from './pipeline-metrics.ts';
import { Spool } from './spool.ts';
import { SpoolQueue } from './spool-queue.ts';
import { type FactSink, FactWriter } from './writer.ts';

/** Also how long a database that never answers can keep an otherwise finished process alive. */
const WRITE_TIMEOUT_MS = 10_000;
const SHUTDOWN_TIMEOUT_MS = 5_000;
/** Of the shutdown, kept for the spool. */
const SPOOL_RESERVE_MS = 500;

/** The settings that the pipeline reads. */
export type PipelineSettings = Pick<
  Settings,
  | 'spoolDir'
  | 'spoolMaxBytes'
  | 'bufferSpans'
  | 'flushInterval'
  | 'finalizeDelay'
  | 'idleLimit'
  | 'spanRetention'
  | 'pricing'
  | 'prices'
>;

export interface PipelineOptions {
  /** URL of PostgreSQL, or an open database, which stays the caller's to close. */
  database: string | Database;
  settings: PipelineSettings;
  /** (Default: what the settings choose.) */
  priceList?: PriceList;
}

/** What an open database consists of. */
export interface Connection {
  readonly db: Database;
  readonly journal: FactSink;
  readonly worker: FinaliseWorker;
  /** Ends the removal of expired spans. */
  readonly stopRetention: () => Promise<void>;
}

/**
 * Facts in, rows out, in this process: a buffer, the writer with its spool, and a worker that finalises calls. The
 * database is opened in the background, as often as it takes; nothing is thrown into the application.
 */
export class Pipeline {
  readonly metrics: PipelineMetrics = new PipelineMetrics();
  readonly #options: PipelineOptions;
  readonly #writer: FactWriter;
  readonly #forgetExit: () => void;
  #connecting: Promise<Connection> | undefined;
  #connection: Connection | undefined;
  #shutdown: Promise<void> | undefined;

  constructor(options: PipelineOptions) {
    this.#options = options;
    const { settings } = options;
    const spool = new Spool({
      dir: settings.spoolDir ?? join(tmpdir(), 'earshot-spool'),
      maxBytes: settings.spoolMaxBytes,
    });
    this.#writer = new FactWriter({
      connect: async () => (await this.connect()).journal,
      onWritten: (facts) => this.#onWritten(facts),
      buffer: new FactBuffer(settings.bufferSpans),
      spool: new SpoolQueue(spool, this.metrics),
      metrics: this.metrics,
      flushIntervalMs: settings.flushInterval,
      writeTimeoutMs: WRITE_TIMEOUT_MS,
    });
    this.#forgetExit = atExit(() => this.#writer.saveAtExit());
    this.#writer.start();
  }

  /** Takes a fact in. False when it is dropped, which is counted. */
  accept(fact: Fact): boolean {
    return this.#writer.accept(fact);
  }

  /**
   * Resolves when all facts accepted so far are committed, or safe on disk.
   * @throws Error when they are neither.
   */
  flush(timeoutMs: number = SHUTDOWN_TIMEOUT_MS): Promise<void> {
    return this.#writer.flush(timeoutMs);
  }

  /**
   * The database, migrated; opened by the first call that succeeds.
   * @throws the driver's error, or SchemaError.
   */
  connect(): Promise<Connection> {
    this.#connecting ??= this.#open().catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return this.#connecting;
  }

  /**
   * Writes what waits, finalises the calls that have ended and closes the database, within five seconds; what could not
   * be written by then is in the spool. Happens once: every caller gets the same promise.
   * @throws Error when spans could be saved nowhere.
   */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#end();
    return this.#shutdown;
  }

  async #open(): Promise<Connection> {
    const { database, settings, priceList } = this.#options;
    // Loaded here and not above: an application that starts must not wait for a driver and a price catalogue.
    const [store, { finaliseCall }, { loadPriceList }, { recordCallMetrics }] = await Promise.all([
      import('../store/index.ts'),
      import('../finalise.ts'),
      import('./price-list.ts'),
      import('./call-metrics.ts'),
    ]);
    const owned = typeof database === 'string';
    const db = owned ? store.openPostgres({ url: database, statementTimeoutMs: WRITE_TIMEOUT_MS }) : database;
    try {
      await store.migrate(db);
      const list = priceList ?? (await loadPriceList(settings, (text) => diag.warn(`earshot: ${text}`)));
      const queue = new store.Queue(db, {
        finalise: (facts) => finaliseCall(facts, list),
        workerId: `${hostname()}:${process.pid}`,
      });
      const worker = new store.FinaliseWorker({
        queue,
        onFinalised: ({ rows, first }) => {
          this.metrics.finalised(1);
          if (first) recordCallMetrics(rows);
        },
        onError: onWorkerError,
      });
      const journal = new store.Journal(db, {
        finalizeDelayMs: settings.finalizeDelay,
        idleLimitMs: settings.idleLimit,
      });
      this.metrics.observeQueue(() => queue.state());
      worker.start();
      const stopRetention = store.keepRetention(db, { retentionMs: settings.spanRetention });
      this.#connection = { db, journal, worker, stopRetention };
      return this.#connection;
    } catch (error) {
      if (owned) await db.close().catch(() => {});
      throw error;
    }
  }

  #onWritten(facts: readonly Fact[]): void {
    // The worker need not look before the call that has just ended is due.
    if (facts.some((fact) => fact.type === 'call')) {
      this.#connection?.worker.wake(this.#options.settings.finalizeDelay + 20);
    }
  }

  async #end(): Promise<void> {
    const deadlineMs = performance.now() + SHUTDOWN_TIMEOUT_MS - SPOOL_RESERVE_MS;
    const left = () => Math.max(0, deadlineMs - performance.now());
    try {
      const flushed = this.#writer.flush(left());
      this.#writer.stop();
      await flushed;
      const connection = this.#connection;
      if (connection === undefined) return;
      await within(left(), connection.worker.drain(), 0);
      await within(left(), Promise.all([connection.worker.stop(), connection.stopRetention()]), undefined);
    } finally {
      this.#writer.saveAtExit();
      this.#forgetExit();
      this.metrics.shutdown();
      const db = this.#connection?.db;
      if (db !== undefined && typeof this.#options.database === 'string') {
        await within(
          SPOOL_RESERVE_MS,
          db.close().catch(() => {}),
          undefined,
        );
      }
    }
  }
}

function onWorkerError(error: unknown, callId: string | undefined): void {
  // The writer reports a database that is away.
  if (callId === undefined) return;
  diag.warn('earshot: a call could not be turned into rows and is tried again later.', error);
}
