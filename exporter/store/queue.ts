import { randomUUID } from 'node:crypto';
import type { CallRows } from '../../model/rows.ts';
import { DEFAULT_TENANT } from '../../model/tenant.ts';
import { groupsOf, MAX_CALL_SPANS, readSizes } from './call-facts.ts';
import { type CallKey, type CallName, callKey, keyArrays, keyOf, partsOf } from './call-key.ts';
import { type Computed, computeCalls, type Finalize } from './compute.ts';
import type { Database, Queryable } from './database.ts';
import { errorClass, isOfOneCall, UnfinishedError, withRetries } from './errors.ts';
import * as sql from './queue-statements.ts';
import { deleteCallsBeyond, writeCallRows } from './rows.ts';
import { DEFAULT_CALL_GAP_MS } from './split.ts';

export interface QueueOptions {
  finalize: Finalize;
  /** Goes into `finalized_by`. */
  workerId: string;
  /** A call that could not be finalized is tried again after so long, doubling up to one hour, in milliseconds. (Default: 5000 ms.) */
  retryDelayMs?: number;
  /** After so many attempts without success the call rests until a new span of it arrives. (Default: 10.) */
  maxAttempts?: number;
  /** Spans of a call that are read; `spans_dropped` says how many more there are. (Default: 20 000.) */
  maxCallSpans?: number;
  /** A call whose worker has died is taken by another one after so long, in milliseconds. (Default: 15 000 ms.) */
  claimMs?: number;
  /** After so long without an open span the same id is another call, in milliseconds. (Default: one hour.) */
  callGapMs?: number;
}

export interface TakeOptions {
  /** Calls at most. (Default: 16.) */
  limit?: number;
  /** Only these calls, due or not. */
  callIds?: readonly string[] | undefined;
  /** Of `callIds`. (Default: the default tenant.) */
  tenant?: string | undefined;
  /** Before they are due, too, calls that have ended; not those that have failed since. (Default: false.) */
  ended?: boolean;
  /** These calls, and others only when they are long overdue: their own processes are gone. (Default: all alike.) */
  own?: readonly CallKey[] | undefined;
}

export interface FinalizedCall {
  readonly rows: CallRows;
  /** The call had no rows before: what is counted once a call is counted now. */
  readonly first: boolean;
}

export interface FailedCall {
  readonly tenant: string;
  readonly callId: string;
  readonly error: unknown;
  /** It is not tried again until a new span of it arrives. */
  readonly resting: boolean;
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
  /** Calls at rest after `maxAttempts` attempts. */
  readonly resting: number;
  /** Until the next call is due, in milliseconds; 0 or less: now. Absent when none waits. */
  readonly nextDueMs?: number;
  /** Until the next call may be taken, where calls of others are left to them. Absent when none waits. */
  readonly nextTakeMs?: number;
  /** How long the longest waiting call has been in the queue, in seconds. Absent when none waits. */
  readonly oldestSeconds?: number;
}

/** A call that its own process does not take is taken by any other after so long, in milliseconds. */
const ABANDONED_MS = 5_000;
/** A call that a span came to while it was finalized waits for so long for others, in milliseconds. */
const AGAIN_MS = 2_000;
const failedCall = (call: CallKey, error: unknown, resting: boolean): FailedCall => ({
  ...partsOf(call),
  error,
  resting,
});

/** The calls that wait in `call_queue`. Any number of workers may take from it at once. */
export class Queue {
  readonly #db: Database;
  readonly #options: Required<QueueOptions>;
  /** Claims that could not be given back: the database was away by then, too. */
  #unreleased: string[] = [];

  constructor(db: Database, options: QueueOptions) {
    this.#db = db;
    this.#options = {
      retryDelayMs: 5_000,
      maxAttempts: 10,
      maxCallSpans: MAX_CALL_SPANS,
      claimMs: 15_000,
      callGapMs: DEFAULT_CALL_GAP_MS,
      ...options,
    };
  }

  /**
   * Finalizes calls: claims them, reads their facts, computes, writes both tables and removes them from the queue. Small
   * calls come first and together, a large one alone. A call that cannot be read, computed or stored is put back and does
   * not hold up the others.
   * @throws the driver's error when the database cannot be reached. What was not written by then is due again.
   */
  async take(options: TakeOptions = {}): Promise<TakeResult> {
    const { limit = 16, callIds, tenant = DEFAULT_TENANT, ended = false, own } = options;
    const { maxAttempts, claimMs } = this.#options;
    // Or an outage would count as an attempt of each call, and ten of them would give it up.
    for (const claim of this.#unreleased) await this.#db.query(sql.RELEASE, [claim]);
    this.#unreleased = [];
    const claim = randomUUID();
    const parameters = [
      limit,
      callIds?.map((callId) => callKey(callId, tenant)) ?? null,
      ended,
      own ?? null,
      ABANDONED_MS,
      claim,
      maxAttempts,
      claimMs,
    ];
    const claimed = await withRetries(() =>
      this.#db.query<CallName & { resting: boolean }>(sql.CLAIM, parameters),
    );
    const calls = claimed.filter(({ resting }) => !resting).map(keyOf);
    const given = claimed.filter(({ resting }) => resting);
    const results: TakeResult[] = [
      {
        taken: given.length,
        finalized: [],
        failed: given.map((row) => failedCall(keyOf(row), new UnfinishedError(), true)),
      },
    ];
    try {
      const sizes = calls.length === 0 ? new Map<CallKey, number>() : await this.#sizesOf(calls);
      for (const group of groupsOf(sizes, this.#options.maxCallSpans)) {
        results.push(await this.#finalizeClaimed(group, sizes, claim));
      }
    } catch (error) {
      await this.#db.query(sql.RELEASE, [claim]).catch(() => this.#unreleased.push(claim));
      throw error;
    }
    return {
      taken: claimed.length,
      finalized: results.flatMap((result) => result.finalized),
      failed: results.flatMap((result) => result.failed),
    };
  }

  /**
   * Finalizes those of the calls that are in the queue, inside a transaction of the caller's and with all that it has
   * written in it.
   * @throws whatever is wrong with one of them; the transaction is then to be rolled back.
   */
  async finalizeIn(tx: Queryable, calls: readonly CallKey[]): Promise<readonly FinalizedCall[]> {
    const queued = (await tx.query<CallName>(sql.LOCK, keyArrays(calls))).map(keyOf);
    const computed = await computeCalls(
      (read) => read(tx),
      queued,
      await readSizes(tx, queued),
      this.#options,
    );
    for (const { error } of computed) if (error !== undefined) throw error;
    const finalized = await this.#write(tx, computed);
    await tx.query(sql.REMOVE, keyArrays(queued));
    return finalized;
  }

  /** What waits in the queue. `own` as in `take`. */
  async state(own?: readonly CallKey[]): Promise<QueueState> {
    const [row] = await this.#db.query<{
      waiting: number;
      resting: number;
      next_due_ms: number | null;
      next_look_ms: number | null;
      oldest_seconds: number | null;
    }>(sql.STATE, [own ?? null, ABANDONED_MS]);
    return {
      waiting: row?.waiting ?? 0,
      resting: row?.resting ?? 0,
      ...(typeof row?.next_due_ms === 'number' && { nextDueMs: row.next_due_ms }),
      ...(typeof row?.next_look_ms === 'number' && own && { nextTakeMs: row.next_look_ms }),
      ...(typeof row?.oldest_seconds === 'number' && { oldestSeconds: row.oldest_seconds }),
    };
  }

  /** A call that the database cannot even count in time is for a group of its own. */
  async #sizesOf(calls: readonly CallKey[]): Promise<ReadonlyMap<CallKey, number>> {
    try {
      return await withRetries(() => readSizes(this.#db, calls));
    } catch (error) {
      if (!isOfOneCall(error)) throw error;
      return new Map(calls.map((call) => [call, Number.POSITIVE_INFINITY]));
    }
  }

  async #finalizeClaimed(
    calls: readonly CallKey[],
    sizes: ReadonlyMap<CallKey, number>,
    claim: string,
  ): Promise<TakeResult> {
    await this.#db.query(sql.RENEW, [...keyArrays(calls), claim, this.#options.claimMs]);
    try {
      const computed = await computeCalls((read) => this.#db.transaction(read), calls, sizes, this.#options);
      return await withRetries(() => this.#writeClaimed(computed, claim));
    } catch (error) {
      if (!isOfOneCall(error)) throw error;
      const [call] = calls;
      if (call !== undefined && calls.length === 1) {
        return withRetries(() => this.#writeClaimed([{ call, error }], claim));
      }
      // The statement does not say which call it is: each gets its own.
      const results: TakeResult[] = [];
      for (const each of calls) results.push(await this.#finalizeClaimed([each], sizes, claim));
      return {
        taken: calls.length,
        finalized: results.flatMap((result) => result.finalized),
        failed: results.flatMap((result) => result.failed),
      };
    }
  }

  /** Calls whose claim was lost in the meantime are left as they are. */
  #writeClaimed(computed: readonly Computed[], claim: string): Promise<TakeResult> {
    const { maxAttempts, retryDelayMs } = this.#options;
    return this.#db.transaction(async (tx) => {
      const claimed = keyArrays(computed.map(({ call }) => call));
      const locked = await tx.query<CallName>(sql.LOCK_CLAIMED, [...claimed, claim]);
      const held = new Set(locked.map(keyOf));
      const ours = computed.filter(({ call }) => held.has(call));
      const failures = ours.filter(({ error }) => error !== undefined);
      const done = ours.filter(({ error }) => error === undefined);
      const finalized = await this.#write(tx, done);
      await tx.query(sql.FINISH, [...keyArrays(done.map(({ call }) => call)), AGAIN_MS]);
      const putBack = await tx.query<CallName & { resting: boolean }>(sql.PUT_BACK, [
        ...keyArrays(failures.map(({ call }) => call)),
        failures.map(({ error }) => errorClass(error)),
        claim,
        maxAttempts,
        retryDelayMs,
      ]);
      const resting = new Set(putBack.filter((row) => row.resting).map(keyOf));
      const failed = failures.map(({ call, error }) => failedCall(call, error, resting.has(call)));
      return { taken: computed.length, finalized, failed };
    });
  }

  async #write(tx: Queryable, computed: readonly Computed[]): Promise<readonly FinalizedCall[]> {
    const calls = computed.flatMap((each) => each.calls ?? []);
    const first = await writeCallRows(tx, calls, this.#options.workerId);
    await deleteCallsBeyond(
      tx,
      new Map(
        computed.flatMap((each) => (each.calls?.length ? [[each.call, each.calls.length] as const] : [])),
      ),
    );
    return calls.map((rows) => ({ rows, first: first.has(keyOf(rows.metrics)) }));
  }
}
