import type { Fact } from '../../model/facts.ts';
import { databaseVariable } from '../../model/settings.ts';
import { limit, within } from '../kit/deadline.ts';
import { Episode } from '../kit/episode.ts';
import type { PipelineMetrics } from '../metrics/pipeline-metrics.ts';
import { type Connection, type ConnectionSettings, openConnection } from '../pipeline/connection.ts';
import type { DoneCall } from '../pipeline/finalizing.ts';
import type { PriceList } from '../pricing/price-list.ts';
import type { Database } from '../store/database.ts';
import { canWrite, checkSchema, errorClass, errorCode, lastingProblem, SchemaError } from '../store/index.ts';
import { GroupCommit } from './group-commit.ts';
import type { Log } from './log.ts';

const MIN_RETRY_MS = 250;
const MAX_RETRY_MS = 5_000;
/** Many, because each statement of a transaction waits its turn behind the requests of a busy moment. */
const CALLS_PER_TRANSACTION = 64;
const CHECK_TIMEOUT_MS = 2_000;
/** After a commit that failed. */
const UNREADY_MS = 5_000;
const NO_TENANT_KEYS =
  'spans of tenants are refused: the keys of the database have no tenant yet. Run `earshot migrate --tenants`';
/** Probes of many balancers must not become load on the database. */
const CHECK_EVERY_MS = 1_000;

/** The database is not there, or its schema is not ours yet. */
class NotReadyError extends Error {
  override name = 'NotReadyError';
}

export interface BackendOptions {
  /** Stays the caller's to close. */
  database: Database;
  settings: ConnectionSettings;
  /** (Default: what the settings choose.) */
  priceList?: PriceList;
  metrics: PipelineMetrics;
  log: Log;
  /** Called with each call after its rows are committed by this process. */
  onFinalized?: (call: DoneCall) => void;
  /** Called when the database is open and has our schema. */
  onOpen?: () => void;
}

/**
 * The journal behind the receiver, and the worker that turns calls into rows. The database may come and go: it is opened
 * in the background, as often as it takes, and what cannot be committed is the sender's to send again.
 */
export class Backend {
  readonly #options: BackendOptions;
  readonly #commits: GroupCommit;
  readonly #outage = new Episode();
  readonly #newerSchema = new Episode();
  readonly #noTenantKeys = new Episode();
  #connection: Connection | undefined;
  #opening: Promise<void> | undefined;
  #stopped = false;
  #wakeRetry: () => void = () => {};
  #check: { atMs: number; done: boolean; ready: Promise<boolean> } | undefined;
  /** When a commit failed, and none has succeeded since. */
  #failedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: BackendOptions) {
    this.#options = options;
    this.#commits = new GroupCommit({
      append: (facts) => this.#append(facts),
      onCommitted: (_, { written, refused }) => {
        options.metrics.written(written);
        options.metrics.dropped(refused.length, 'refused');
        // A call has ended, or a span has come after its call's end: the worker looks when it is due, and not only at
        // its next round.
        if (written > 0) this.#connection?.worker.wake(options.settings.finalizeDelay + 20);
      },
    });
  }

  /** Begins to open the database. */
  start(): void {
    this.#opening ??= this.#open();
  }

  /**
   * Resolves when the facts are committed, with how many the database rejected as invalid data.
   * @throws NotReadyError, or the driver's error: whether they are committed is then unknown.
   */
  async commit(facts: readonly Fact[]): Promise<number> {
    await this.#prepare(facts);
    return this.#commits.commit(facts);
  }

  /** The database answers and has a schema that we can write. */
  ready(): Promise<boolean> {
    const now = performance.now();
    // Known without asking. Balancers turn away for a while, and then try again.
    if (now - this.#failedAtMs < UNREADY_MS) return Promise.resolve(false);
    if (this.#check === undefined || (this.#check.done && now - this.#check.atMs > CHECK_EVERY_MS)) {
      const check = { atMs: now, done: false, ready: this.#isReady() };
      void check.ready.finally(() => {
        check.done = true;
      });
      this.#check = check;
    }
    return this.#check.ready;
  }

  /** Whether calls wait for rows that the database does not take, while it takes spans. */
  rowsWait(): boolean {
    return this.#connection?.rowsWait() === true;
  }

  /** Finalizes these calls, ended or not. Resolves when it is done or has failed, which the log says. */
  async finalize(callIds: readonly string[]): Promise<void> {
    await this.#connection?.worker.drain(callIds);
  }

  /** Finalizes the calls that have ended, for at most `drainMs`, and stops working. Never throws. */
  async stop(drainMs: number): Promise<void> {
    this.#stopped = true;
    this.#wakeRetry();
    await within(drainMs, this.#opening ?? Promise.resolve(), undefined);
    const connection = this.#connection;
    if (connection === undefined) return;
    await within(drainMs, connection.worker.drain(), 0);
    await within(drainMs, connection.close(), undefined);
  }

  /** Before they share a transaction with those of other senders, who must not wait or fail for them. */
  async #prepare(facts: readonly Fact[]): Promise<void> {
    try {
      await this.#connection?.journal.prepare(facts);
    } catch (error) {
      // Of those of one tenant alone: the others go on, and the database is not away.
      if (errorCode(error) !== 'EARSHOT_TENANT_KEYS') this.#lost(error);
      else this.#noTenantKeys.begin(() => this.#options.log.error(NO_TENANT_KEYS));
      throw error;
    }
  }

  async #append(facts: readonly Fact[]) {
    try {
      const connection = this.#connection;
      if (connection === undefined) throw new NotReadyError('The database is not open yet.');
      const result = await connection.journal.append(facts);
      this.#failedAtMs = Number.NEGATIVE_INFINITY;
      this.#outage.end((seconds) =>
        this.#options.log.info('the database is back', { after_seconds: seconds }),
      );
      return result;
    } catch (error) {
      this.#failedAtMs = performance.now();
      this.#lost(error);
      throw error;
    }
  }

  #lost(error: unknown): void {
    const { log } = this.#options;
    const problem = lastingProblem(error);
    this.#outage.begin(() => {
      if (problem === undefined)
        log.warn('the database is away: senders are told to try again', { error: errorClass(error) });
      else
        log.error(`the database cannot be used. ${databaseVariable()}: ${problem}`, {
          error: errorClass(error),
        });
    });
  }

  /**
   * A newer earshot has migrated the database before this process came. Ending would be a crash loop wherever something
   * restarts it; senders that retry find another process, or this one after its upgrade.
   */
  #refused({ seenVersion, knownVersion }: SchemaError): void {
    this.#newerSchema.begin(() =>
      this.#options.log.error('the schema is newer than this version knows: upgrade earshot here', {
        schema_version: seenVersion,
        known_version: knownVersion,
      }),
    );
  }

  async #open(): Promise<void> {
    const { database, settings, priceList, metrics, log, onFinalized } = this.#options;
    for (let delayMs = MIN_RETRY_MS; !this.#stopped; delayMs = Math.min(delayMs * 2, MAX_RETRY_MS)) {
      try {
        const connection = await openConnection({
          database,
          settings,
          priceList,
          metrics,
          statementTimeoutMs: 0, // of the caller's database
          callsPerTransaction: CALLS_PER_TRANSACTION,
          onFinalized,
        });
        this.#connection = connection;
        metrics.observeQueue(() => connection.queueState());
        this.#check = undefined;
        this.#outage.end();
        this.#newerSchema.end();
        log.info('the database is open');
        this.#options.onOpen?.();
        return;
      } catch (error) {
        if (error instanceof SchemaError) this.#refused(error);
        else this.#lost(error);
        await this.#pause(delayMs * (0.75 + Math.random() / 4));
      }
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakeRetry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #isReady(): Promise<boolean> {
    if (this.#connection === undefined) return false;
    const { database } = this.#options;
    try {
      return await limit(
        CHECK_TIMEOUT_MS,
        'asking the database for its schema',
        checkSchema(database).then(() => canWrite(database)),
      );
    } catch (error) {
      // A newer earshot has migrated it while we ran: statements of ours still fit, so the change can be rolling.
      return error instanceof SchemaError && error.seenVersion > error.knownVersion;
    }
  }
}
