import type { Fact } from '../../model/facts.ts';
import type { Settings } from '../../model/settings.ts';
import { within } from '../kit/deadline.ts';
import { EarshotError } from '../kit/errors.ts';
import { PipelineMetrics } from '../metrics/pipeline-metrics.ts';
import type { PriceList } from '../pricing/index.ts';
import { Spool } from '../spool/spool.ts';
import { spoolFolders } from '../spool/spool-folder.ts';
import { SpoolQueue } from '../spool/spool-queue.ts';
import type { Database } from '../store/index.ts';
import { FactBuffer } from './buffer.ts';
import type { Connection, ConnectionSettings } from './connection.ts';
import { atExit } from './exit-hook.ts';
import { OwnCalls } from './own-calls.ts';
import { FactWriter } from './writer.ts';

/** Also how long a database that never answers can keep an otherwise finished process alive. */
const WRITE_TIMEOUT_MS = 10_000;
const SHUTDOWN_TIMEOUT_MS = 5_000;
/** Of the shutdown, kept for the spool and for closing. */
const RESERVE_MS = 500;

/** The settings that the pipeline reads. */
export type PipelineSettings = ConnectionSettings &
  Pick<Settings, 'spoolDir' | 'spoolMaxBytes' | 'bufferSpans' | 'flushInterval'>;

export interface PipelineOptions {
  /** URL of PostgreSQL, or an open database, which stays the caller's to close. */
  database: string | Database;
  settings: PipelineSettings;
  /** (Default: what the settings choose.) */
  priceList?: PriceList;
}

/**
 * Facts in, rows out, in this process: a buffer, the writer with its spool, and a worker that finalizes calls. The
 * database is opened in the background, as often as it takes; nothing is thrown into the application.
 */
export class Pipeline {
  readonly metrics: PipelineMetrics = new PipelineMetrics();
  readonly #options: PipelineOptions;
  readonly #writer: FactWriter;
  readonly #forgetExit: () => void;
  readonly #ownCalls = new OwnCalls();
  #connecting: Promise<Connection> | undefined;
  #connection: Connection | undefined;
  #shutdown: Promise<void> | undefined;
  #ended = false;
  #readWaiting = () => {};

  constructor(options: PipelineOptions) {
    this.#options = options;
    const { database, settings } = options;
    const databaseUrl = typeof database === 'string' ? database : undefined;
    const spool = new Spool({
      folders: spoolFolders({ spoolDir: settings.spoolDir, databaseUrl }),
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
    this.#forgetExit = atExit(() => {
      this.#readWaiting();
      this.#writer.saveAtExit();
    });
    this.#writer.start();
  }

  /** `read` accepts what has come and waits to be read: called before a flush, the shutdown or the exit, which cover it. */
  covers(read: () => void): void {
    this.#readWaiting = read;
  }

  /** Takes a fact in. False when it is dropped, which is counted. */
  accept(fact: Fact): boolean {
    return this.#writer.accept(fact);
  }

  /**
   * Resolves when all facts accepted so far are committed, or safe on disk: true when all of them are committed.
   * @throws Error when they are neither.
   */
  flush(timeoutMs: number = SHUTDOWN_TIMEOUT_MS): Promise<boolean> {
    this.#readWaiting();
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
   * Writes what waits, finalizes the calls that have ended and closes the database, within five seconds; what could not
   * be written by then is in the spool. Happens once: every caller gets the same promise.
   * @throws Error when spans could be saved nowhere.
   */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#end();
    return this.#shutdown;
  }

  async #open(): Promise<Connection> {
    // Loaded here and not above: an application that starts must not wait for a driver and a price catalogue.
    const { openConnection } = await import('./connection.ts');
    const connection = await openConnection({
      database: this.#options.database,
      settings: this.#options.settings,
      priceList: this.#options.priceList,
      metrics: this.metrics,
      ownCalls: this.#ownCalls,
      statementTimeoutMs: WRITE_TIMEOUT_MS,
    });
    if (this.#ended) {
      await connection.close();
      throw new EarshotError('EARSHOT_SHUT_DOWN', 'The pipeline was shut down.');
    }
    this.metrics.observeQueue(() => connection.queueState());
    this.#connection = connection;
    return connection;
  }

  #onWritten(facts: readonly Fact[]): void {
    this.#ownCalls.written(facts);
    // The worker need not look before the call that has just ended is due.
    if (facts.some((fact) => fact.type === 'call')) {
      this.#connection?.worker.wake(this.#options.settings.finalizeDelay + 20);
    }
  }

  async #end(): Promise<void> {
    const deadlineMs = performance.now() + SHUTDOWN_TIMEOUT_MS - RESERVE_MS;
    const left = () => Math.max(0, deadlineMs - performance.now());
    try {
      this.#readWaiting();
      const flushed = this.#writer.flush(left());
      this.#writer.stop();
      await flushed;
      if (this.#connection !== undefined) await within(left(), this.#connection.worker.drain(), 0);
    } finally {
      this.#ended = true;
      this.#writer.saveAtExit();
      this.#forgetExit();
      this.metrics.shutdown();
      if (this.#connection !== undefined) await within(RESERVE_MS, this.#connection.close(), undefined);
    }
  }
}
