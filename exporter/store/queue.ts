import { setImmediate } from 'node:timers/promises';
import type { Fact } from '../../model/facts.ts';
import type { CallRows } from '../../model/rows.ts';
import type { Database, Queryable } from './database.ts';
import { errorClass, isDataError, withRetries } from './errors.ts';
import { writeCallRows } from './rows.ts';

/** A call's facts to its rows, pure. `undefined`: these facts make no call. */
export type Finalize = (facts: readonly Fact[]) => CallRows | undefined;

export interface QueueOptions {
  finalize: Finalize;
  /** Goes into `finalized_by`. */
  workerId: string;
  /** A call that could not be finalized is tried again after so long, doubling up to one hour, in milliseconds. (Default: 5000 ms.) */
  retryDelayMs?: number;
  /** After so many failures in a row the call rests until a new span of it arrives. (Default: 10.) */
  maxAttempts?: number;
}

export interface TakeOptions {
  /** Calls at most. (Default: 16.) */
  limit?: number;
  /** Only these calls, due or not. */
  callIds?: readonly string[];
  /** Before they are due, too, calls that have ended; not those that have failed since. (Default: false.) */
  ended?: boolean;
}

export interface FinalizedCall {
  readonly rows: CallRows;
  /** The call had no rows before: what is counted once a call is counted now. */
  readonly first: boolean;
}

export interface FailedCall {
  readonly callId: string;
  readonly error: unknown;
}

export interface TakeResult {
  /** Calls that were taken, whatever became of them; 0: nothing is due. */
  readonly taken: number;
  readonly finalized: readonly FinalizedCall[];
  /** Put back into the queue for later. */
  readonly failed: readonly FailedCall[];
}

export interface QueueState {
  /** Calls waiting, those at rest not counted. */
  readonly waiting: number;
  /** Calls at rest after `maxAttempts` failures. */
  readonly resting: number;
  /** Until the next call is due, in milliseconds; 0 or less: now. Absent when none waits. */
  readonly nextDueMs?: number;
  /** How long the longest waiting call has been in the queue, in seconds. Absent when none waits. */
  readonly oldestSeconds?: number;
}

/** Calls are computed for so long at a stretch, in milliseconds, and to the end of the call at hand. */
const WORK_MS = 4;

// The lock is the claim, held until the rows are committed. Another worker skips the call; a writer of a late span waits
// for the commit and then queues the call again, so that no span is missed.
const TAKE = `\
SELECT call_id FROM call_queue
WHERE CASE
  WHEN $2::text[] IS NOT NULL THEN call_id = ANY ($2)
  ELSE due_at <= now() OR ($3::boolean AND ended AND attempts = 0)
END
ORDER BY due_at
LIMIT $1
FOR UPDATE SKIP LOCKED`;

// After retention has removed a call's spans, a late one must not replace the whole call's rows with its own: such a
// call has rows, and nothing in the journal that they can have been computed from.
const FACTS = `\
WITH expired AS (
  SELECT m.call_id FROM call_metrics m
  WHERE m.call_id = ANY ($1::text[])
    AND m.finalized_at < (SELECT min(s.recorded_at) FROM call_spans s WHERE s.call_id = m.call_id)
)
SELECT call_id, facts FROM call_spans
WHERE call_id = ANY ($1) AND call_id NOT IN (SELECT call_id FROM expired)
ORDER BY call_id, started_at, trace_id, span_id`;

const REMOVE = 'DELETE FROM call_queue WHERE call_id = ANY ($1::text[])';

const PUT_BACK = `\
UPDATE call_queue q SET
  attempts = q.attempts + 1,
  last_error = f.last_error,
  due_at = CASE
    WHEN q.attempts + 1 >= $3::integer THEN 'infinity'
    ELSE now() + least($4::double precision * power(2, q.attempts), 3600000) * interval '1 millisecond'
  END
FROM UNNEST($1::text[], $2::text[]) AS f (call_id, last_error)
WHERE q.call_id = f.call_id`;

const STATE = `\
SELECT
  (count(*) FILTER (WHERE due_at < 'infinity'))::int AS waiting,
  (count(*) FILTER (WHERE due_at = 'infinity'))::int AS resting,
  (extract(epoch FROM min(due_at) FILTER (WHERE due_at < 'infinity') - now()) * 1000)::double precision AS next_due_ms,
  extract(epoch FROM now() - min(queued_at) FILTER (WHERE due_at < 'infinity'))::double precision AS oldest_seconds
FROM call_queue`;

/** The calls that wait in `call_queue`. Holds no state: any number of workers may take from it at once. */
export class Queue {
  readonly #db: Database;
  readonly #finalize: Finalize;
  readonly #workerId: string;
  readonly #retryDelayMs: number;
  readonly #maxAttempts: number;

  constructor(db: Database, { finalize, workerId, retryDelayMs = 5_000, maxAttempts = 10 }: QueueOptions) {
    this.#db = db;
    this.#finalize = finalize;
    this.#workerId = workerId;
    this.#retryDelayMs = retryDelayMs;
    this.#maxAttempts = maxAttempts;
  }

  /**
   * Finalizes calls: takes them, reads their facts, computes, writes both tables and removes them from the queue, all in
   * one transaction. A call that cannot be computed or stored is put back and does not hold up the others.
   * @throws the driver's error when the database cannot be reached; then nothing has changed.
   */
  async take({ limit = 16, callIds, ended = false }: TakeOptions = {}): Promise<TakeResult> {
    try {
      return await withRetries(() =>
        this.#db.transaction(async (tx) => {
          const rows = await tx.query<{ call_id: string }>(TAKE, [limit, callIds ?? null, ended]);
          return this.#finalizeTaken(
            tx,
            rows.map((row) => row.call_id),
          );
        }),
      );
    } catch (error) {
      if (error instanceof RefusedRows) return this.#oneByOne(error);
      throw error;
    }
  }

  /** What waits in the queue. */
  async state(): Promise<QueueState> {
    const [row] = await this.#db.query<{
      waiting: number;
      resting: number;
      next_due_ms: number | null;
      oldest_seconds: number | null;
    }>(STATE);
    return {
      waiting: row?.waiting ?? 0,
      resting: row?.resting ?? 0,
      ...(typeof row?.next_due_ms === 'number' && { nextDueMs: row.next_due_ms }),
      ...(typeof row?.oldest_seconds === 'number' && { oldestSeconds: row.oldest_seconds }),
    };
  }

  async #finalizeTaken(tx: Queryable, callIds: readonly string[]): Promise<TakeResult> {
    if (callIds.length === 0) return { taken: 0, finalized: [], failed: [] };
    const computed: CallRows[] = [];
    const failed: FailedCall[] = [];
    let pauseAtMs = performance.now() + WORK_MS;
    for (const [callId, facts] of await readFacts(tx, callIds)) {
      // Other work of the process goes on in between. Not between any two calls: where there is much of it, every pause
      // is long.
      if (performance.now() >= pauseAtMs) {
        await setImmediate();
        pauseAtMs = performance.now() + WORK_MS;
      }
      try {
        const rows = this.#finalize(facts);
        if (rows !== undefined) computed.push(rows);
      } catch (error) {
        failed.push({ callId, error });
      }
    }
    const first = await this.#write(tx, computed, callIds);
    const failedIds = new Set(failed.map((call) => call.callId));
    await tx.query(REMOVE, [callIds.filter((callId) => !failedIds.has(callId))]);
    if (failed.length > 0) await this.#putBack(tx, failed);
    const finalized = computed.map((rows) => ({ rows, first: first.has(rows.metrics.call_id) }));
    return { taken: callIds.length, finalized, failed };
  }

  async #write(tx: Queryable, rows: readonly CallRows[], callIds: readonly string[]) {
    try {
      return await writeCallRows(tx, rows, this.#workerId);
    } catch (error) {
      if (isDataError(error)) throw new RefusedRows(callIds, error);
      throw error;
    }
  }

  /** The transaction is lost with the refused call: each call gets its own. */
  async #oneByOne({ callIds, cause }: RefusedRows): Promise<TakeResult> {
    const [callId] = callIds;
    if (callIds.length === 1 && callId !== undefined) {
      const failed = [{ callId, error: cause }];
      await this.#putBack(this.#db, failed);
      return { taken: 1, finalized: [], failed };
    }
    const results: TakeResult[] = [];
    for (const id of callIds) results.push(await this.take({ limit: 1, callIds: [id] }));
    return {
      taken: callIds.length,
      finalized: results.flatMap((result) => result.finalized),
      failed: results.flatMap((result) => result.failed),
    };
  }

  async #putBack(db: Queryable, failed: readonly FailedCall[]): Promise<void> {
    await db.query(PUT_BACK, [
      failed.map((call) => call.callId),
      failed.map((call) => errorClass(call.error)),
      this.#maxAttempts,
      this.#retryDelayMs,
    ]);
  }
}

/** The database refused a row of one of these calls by its content. */
class RefusedRows extends Error {
  override name = 'RefusedRows';
  readonly callIds: readonly string[];

  constructor(callIds: readonly string[], cause: unknown) {
    super('A row was refused.', { cause });
    this.callIds = callIds;
  }
}

async function readFacts(tx: Queryable, callIds: readonly string[]): Promise<Map<string, Fact[]>> {
  const factsByCall = new Map<string, Fact[]>();
  for (const { call_id, facts } of await tx.query<{ call_id: string; facts: Fact }>(FACTS, [callIds])) {
    const known = factsByCall.get(call_id);
    if (known === undefined) factsByCall.set(call_id, [facts]);
    else known.push(facts);
  }
  return factsByCall;
}
