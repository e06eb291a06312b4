import { context } from '@opentelemetry/api';
import type { Pool, PoolClient } from 'pg';
import { suppressTracing } from '../../model/suppressed.ts';
import { type Database, DEFAULT_SCHEMA, type Queryable, schemaNamer } from './database.ts';
import { CertificateFileError, ConnectionError, errorClass, errorCode } from './errors.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`. Secret: never logged. */
  url: string;
  /** PostgreSQL schema of the tables. (Default: `earshot`.) */
  schema?: string;
  /** Connections at most. (Default: 4.) */
  maxConnections?: number;
  /** To connect, in milliseconds in which the event loop was mostly free to read the answer. (Default: 5000 ms.) */
  connectTimeoutMs?: number;
  /**
   * For one statement, in milliseconds; 0 for no limit, as a long migration may need. The server ends what takes longer,
   * and a wait for a lock after a quarter of it. (Default: 30 000 ms.)
   */
  statementTimeoutMs?: number;
  /** The server refuses whatever would write. (Default: false.) */
  readOnly?: boolean;
  /** A transaction whose program stands still is rolled back by the server after so long, which frees its calls; 0: never. (Default: 60 000 ms.) */
  idleInTransactionTimeoutMs?: number;
  /** Called when a connection dies while idle. The pool replaces it: nothing is lost. (Default: nothing.) */
  onConnectionLost?: (error: Error) => void;
}

/** How often a connection is tried, at most, where the event loop was too busy to see the answer in time. */
const CONNECT_ATTEMPTS = 3;

/** read_only_sql_transaction */
const READ_ONLY = '25006';

/** The share of the time from now on in which the event loop was busy; 0 in Bun and Deno, which do not say. */
function watchLoop(): () => number {
  const loop = performance as Partial<typeof performance>;
  const before = loop.eventLoopUtilization?.();
  return () => loop.eventLoopUtilization?.(before).utilization ?? 0;
}

/** How much longer the client waits than the server works, in milliseconds. */
const GRACE_MS = 1_000;

/** Our own statements must not become spans of the application that we observe. */
const silently = <Result>(work: () => Promise<Result>): Promise<Result> =>
  context.with(suppressTracing(context.active()), work);

/**
 * PostgreSQL through a small pool of `pg`. Nothing is loaded and no connection is made before the first statement; idle
 * connections do not keep the process alive.
 */
export function openPostgres(options: PostgresOptions): Database {
  const db = new PostgresDatabase(options);
  optionsOfDatabases.set(db, options);
  return db;
}

/** Apart from the object, which users may print: the URL is secret. */
const optionsOfDatabases = new WeakMap<Database, PostgresOptions>();

/** How the database was opened, so that a thread can open it, too; undefined for another driver's. Secret. */
export const optionsOf = (db: Database): PostgresOptions | undefined => optionsOfDatabases.get(db);

/** Says that `around` is reached as `db` is, which it has inside. */
export function reachedAs(db: Database, around: Database): Database {
  const options = optionsOf(db);
  if (options !== undefined) optionsOfDatabases.set(around, options);
  return around;
}

class PostgresDatabase implements Database {
  readonly #options: PostgresOptions;
  readonly #begin: string;
  readonly #named: (text: string) => string;
  #pool: Promise<Pool> | undefined;
  #closed = false;

  constructor(options: PostgresOptions) {
    this.#options = options;
    this.#named = schemaNamer(options.schema ?? DEFAULT_SCHEMA);
    const statementMs = options.statementTimeoutMs ?? 30_000;
    const limits = {
      statement_timeout: statementMs,
      lock_timeout: Math.ceil(statementMs / 4),
      idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs ?? 60_000,
      // No statement of ours takes as long as compiling it.
      jit: 'off',
    };
    // Local to the transaction: connection poolers refuse these as start-up parameters and leak them between clients
    // when they are set for the session.
    const begin = options.readOnly === true ? 'BEGIN READ ONLY' : 'BEGIN';
    this.#begin = [
      begin,
      ...Object.entries(limits).map(([name, value]) => `SET LOCAL ${name} = ${value}`),
    ].join('; ');
  }

  // In a transaction of its own, which is where a pooler lets the server limit it.
  query<Row = Record<string, unknown>>(text: string, params?: readonly unknown[]): Promise<Row[]> {
    return this.transaction((tx) => tx.query<Row>(text, params));
  }

  transaction<Result>(work: (tx: Queryable) => Promise<Result>): Promise<Result> {
    return silently(async () => {
      const client = await this.#checkOut();
      const tx = new Transaction(client, this.#named);
      try {
        await tx.query(this.#begin);
        const result = await work(tx);
        await tx.commit();
        return result;
      } catch (error) {
        await tx.rollBack();
        throw error;
      } finally {
        client.release(tx.failure);
      }
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const pool = this.#pool;
    this.#pool = undefined;
    if (pool !== undefined) await silently(async () => (await pool).end());
  }

  #connected(): Promise<Pool> {
    if (this.#closed) return Promise.reject(new Error('The database was closed.'));
    this.#pool ??= this.#connect().catch((error: unknown) => {
      this.#pool = undefined;
      throw error;
    });
    return this.#pool;
  }

  async #checkOut(): Promise<PoolClient> {
    const pool = await this.#connected();
    for (let attempt = 1; ; attempt++) {
      const busySince = watchLoop();
      try {
        return await pool.connect();
      } catch (caught) {
        const error = withCode(caught);
        // A loop that stood still sees the timer before the answer, which says nothing about the server.
        const ours = errorCode(error) === 'ETIMEDOUT' && busySince() > 0.5;
        if (!ours || attempt === CONNECT_ATTEMPTS) throw error;
      }
    }
  }

  async #connect(): Promise<Pool> {
    if (!/^(?:postgres(?:ql)?|socket):/i.test(this.#options.url)) {
      throw Object.assign(new TypeError('The URL of the database is none of PostgreSQL.'), {
        code: 'ERR_INVALID_URL',
      });
    }
    const { default: pg } = await import('pg');
    const statementMs = this.#options.statementTimeoutMs ?? 30_000;
    const pool = new pg.Pool({
      connectionString: this.#options.url,
      application_name: 'earshot',
      max: this.#options.maxConnections ?? 4,
      connectionTimeoutMillis: this.#options.connectTimeoutMs ?? 5_000,
      // The server ends a statement first. What it does not answer at all is given up with its connection.
      query_timeout: statementMs === 0 ? 0 : statementMs + GRACE_MS,
      idleTimeoutMillis: 30_000,
      allowExitOnIdle: true,
      keepAlive: true,
    });
    // Without a listener a server that restarts would end the application.
    pool.on('error', this.#options.onConnectionLost ?? ignore);
    // Nothing else listens from when the pool hands a connection out: one that dies between two statements, or with the
    // packet that says it is ready, would end the process. The next statement rejects.
    pool.on('connect', (client) => client.on('error', ignore));
    return pool;
  }
}

const ignore = () => {};
const values = (params: readonly unknown[] | undefined) => (params === undefined ? undefined : [...params]);

/** Several statements in one text give one result each. */
function rowsOf<Row>(result: { rows: unknown[] } | { rows: unknown[] }[]): Row[] {
  return ((Array.isArray(result) ? result.at(-1)?.rows : result.rows) ?? []) as Row[];
}

class Transaction implements Queryable {
  /** Why the connection cannot be used again. */
  failure: Error | undefined;
  readonly #client: PoolClient;
  readonly #named: (text: string) => string;

  constructor(client: PoolClient, named: (text: string) => string) {
    this.#client = client;
    this.#named = named;
  }

  async query<Row = Record<string, unknown>>(text: string, params?: readonly unknown[]): Promise<Row[]> {
    return rowsOf<Row>(await this.#answer(this.#client.query(this.#named(text), values(params))));
  }

  async commit(): Promise<void> {
    const { command } = await this.#answer(this.#client.query('COMMIT'));
    // What the server answers where a statement had failed, even if its error was caught.
    if (command !== 'COMMIT')
      throw new Error('The transaction was rolled back: a statement in it had failed.');
  }

  async rollBack(): Promise<void> {
    // A lost connection needs none: the server rolls back by itself.
    if (this.failure !== undefined) return;
    try {
      await this.query('ROLLBACK');
    } catch (error) {
      this.failure ??= asError(error);
    }
  }

  async #answer<Result>(statement: Promise<Result>): Promise<Result> {
    try {
      return await statement;
    } catch (error) {
      // Not the server's answer: the connection is lost, or stuck in a statement. Or it leads to a server that was the
      // primary once; a new one leads to where the name points now.
      if (!isSqlState(error) || errorCode(error) === READ_ONLY) this.failure = asError(error);
      throw withCode(error);
    }
  }
}

const asError = (error: unknown) => (error instanceof Error ? error : new Error(String(error)));
const isSqlState = (error: unknown) => /^[0-9A-Z]{5}$/.test(errorCode(error) ?? '');

/** What `pg` says without a code when the connection is gone or silent. Anything else is passed on as it is. */
const LOST = /terminated|not queryable|timeout|closed the connection/i;

function withCode(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  // A socket's file that is missing says `connect`: the only files that are opened are those of certificates.
  if ((error as NodeJS.ErrnoException).syscall === 'open') return new CertificateFileError(errorClass(error));
  return errorCode(error) === undefined && LOST.test(error.message) ? new ConnectionError(error) : error;
}
