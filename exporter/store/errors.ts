import { setTimeout as sleep } from 'node:timers/promises';

/** The database's schema cannot be used by this version of earshot. */
export class SchemaError extends Error {
  override name = 'SchemaError';
  readonly code = 'EARSHOT_SCHEMA';
  /** Newest migration that the database has; 0 for none. */
  readonly seenVersion: number;
  /** Newest migration that this version of earshot knows. */
  readonly knownVersion: number;

  constructor(message: string, seenVersion: number, knownVersion: number) {
    super(message);
    this.seenVersion = seenVersion;
    this.knownVersion = knownVersion;
  }
}

/**
 * The connection to the database was lost, or gave no answer in time. Drivers report this in many words and without a
 * code; theirs is the `cause`.
 */
export class ConnectionError extends Error {
  override name = 'ConnectionError';
  /** `08006` (connection_failure), or `ETIMEDOUT`. */
  readonly code: '08006' | 'ETIMEDOUT';

  constructor(cause: Error) {
    const timedOut = /timeout/i.test(cause.message);
    super(timedOut ? 'The database gave no answer in time.' : 'The connection to the database was lost.', {
      cause,
    });
    this.code = timedOut ? 'ETIMEDOUT' : '08006';
  }
}

/** A file that the URL names cannot be read. Which one is not said: where keys are is private. */
export class CertificateFileError extends Error {
  override name = 'CertificateFileError';
  readonly code = 'ERR_CERTIFICATE_FILE';

  /** @param reason - the system's code */
  constructor(reason: string) {
    super(`A file that the URL names as sslrootcert, sslcert or sslkey cannot be read (${reason}).`);
  }
}

/** How long to wait between attempts, doubling from the first to the last. */
interface Backoff {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/**
 * Failures that pass by themselves within moments, by SQLSTATE or system error code. What is not listed is thrown at
 * once; what lasts longer is the caller's to buffer.
 */
export const RETRYABLE_ERROR_CODES: Readonly<Record<string, Backoff>> = {
  '40001': { minDelayMs: 50, maxDelayMs: 1_000 }, // serialization_failure
  '40P01': { minDelayMs: 50, maxDelayMs: 1_000 }, // deadlock_detected
  '55P03': { minDelayMs: 50, maxDelayMs: 1_000 }, // lock_not_available
  '57P01': { minDelayMs: 100, maxDelayMs: 1_000 }, // admin_shutdown: this connection was ended, the next may live
  '57P02': { minDelayMs: 100, maxDelayMs: 1_000 }, // crash_shutdown
  '57P03': { minDelayMs: 100, maxDelayMs: 1_000 }, // cannot_connect_now: starting up
  '53300': { minDelayMs: 100, maxDelayMs: 1_000 }, // too_many_connections
  '08006': { minDelayMs: 50, maxDelayMs: 1_000 }, // connection_failure
  '08003': { minDelayMs: 50, maxDelayMs: 1_000 }, // connection_does_not_exist
  ECONNRESET: { minDelayMs: 50, maxDelayMs: 1_000 }, // an idle connection that had died
  EPIPE: { minDelayMs: 50, maxDelayMs: 1_000 },
};

const ATTEMPTS = 3;

/** SQLSTATE or system error code of an error, if it has one. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** What may be kept of an error: its code, else its class. Never its message, which can quote data. */
export function errorClass(error: unknown): string {
  return errorCode(error) ?? (error instanceof Error ? error.name : typeof error);
}

/**
 * The value is at fault, so that a second attempt fails as the first did: data exceptions (class 22), a missing or
 * refused value (class 23), a value beyond a limit such as an index entry's size (class 54).
 */
export function isDataError(error: unknown): boolean {
  const code = errorCode(error);
  return code !== undefined && /^(?:22|23|54)[0-9A-Z]{3}$/.test(code);
}

/**
 * Runs `work`, again for `RETRYABLE_ERROR_CODES`: 3 attempts in all.
 * @throws what the last attempt threw.
 */
export async function withRetries<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const code = errorCode(error) ?? '';
      const backoff = Object.hasOwn(RETRYABLE_ERROR_CODES, code) ? RETRYABLE_ERROR_CODES[code] : undefined;
      if (backoff === undefined || attempt === ATTEMPTS) throw error;
      // Jitter, so that two writers that collided do not collide again.
      const delayMs = Math.min(backoff.minDelayMs * 2 ** (attempt - 1), backoff.maxDelayMs);
      await sleep(delayMs * (0.5 + Math.random() / 2));
    }
  }
}

/** The work on a call was begun as often as it may and never ended: its processes have died of it, or with it. */
export class UnfinishedError extends Error {
  override name = 'UnfinishedError';
  readonly code = 'EARSHOT_UNFINISHED';
}

const OF_ONE_CALL: ReadonlySet<string | undefined> = new Set([
  '57014', // query_canceled
  '21000', // cardinality_violation: two calls whose rows have one key, as `x#2` and the second of `x`
  // Beyond the limits of the thread that finalizes.
  'EARSHOT_TIMEOUT',
  'ERR_WORKER_OUT_OF_MEMORY',
]);

/** What one call can be at fault for: a value that the database refuses, or work that does not end in time. */
export const isOfOneCall = (error: unknown): boolean =>
  isDataError(error) || OF_ONE_CALL.has(errorCode(error));
