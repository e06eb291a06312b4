import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Fact } from '../../model/facts.ts';
import type { CallRows } from '../../model/rows.ts';
import { groupsOf, MAX_CALL_SPANS, readFacts, readSizes } from './call-facts.ts';
import type { Database, Queryable } from './database.ts';
import { errorClass, isOfOneCall, UnfinishedError, withRetries } from './errors.ts';
import * as sql from './queue-statements.ts';
import { deleteCallsBeyond, writeCallRows } from './rows.ts';
import { DEFAULT_CALL_GAP_MS, splitCalls } from './split.ts';

/** A call's facts to its rows, pure. `undefined`: these facts make no call. */
export type Finalize = (facts: readonly Fact[]) => CallRows | undefined | Promise<CallRows | undefined>;

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
  callIds?: readonly string[];
  /** Before they are due, too, calls that have ended; not those that have failed since. (Default: false.) */
  ended?: boolean;
  /** These calls, and others only when they are long overdue: their own processes are gone. (Default: all alike.) */
  own?: readonly string[] | undefined;
}

export interface FinalizedCall {
  readonly rows: CallRows;
  /** The call had no rows before: what is counted once a call is counted now. */
  readonly first: boolean;
}

export interface FailedCall {
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
/** Calls are computed for so long at a stretch, in milliseconds, and to the end of the call at hand. */
const WORK_MS = 4;

/** What was computed of one call. */
interface Computed {
  readonly callId: string;
  /** The calls that came under the id. */
  readonly calls?: readonly CallRows[] | undefined;
  readonly error?: unknown;
}

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
  async take({ limit = 16, callIds, ended = false, own }: TakeOptions = {}): Promise<TakeResult> {
    const { maxAttempts, claimMs } = this.#options;
    // Or an outage would count as an attempt of each call, and ten of them would give it up.
    for (const claim of this.#unreleased) await this.#db.query(sql.RELEASE, [claim]);
    this.#unreleased = [];
    const claim = randomUUID();
    const parameters = [
      limit,
      callIds ?? null,
      ended,
      own ?? null,
      ABANDONED_MS,
      claim,
      maxAttempts,
      claimMs,
    ];
    const claimed = await withRetries(() =>
      this.#db.query<{ call_id: string; resting: boolean }>(sql.CLAIM, parameters),
    );
    const ids = claimed.filter(({ resting }) => !resting).map((row) => row.call_id);
    const given = claimed.filter(({ resting }) => resting);
    const results: TakeResult[] = [
      {
        taken: given.length,
        finalized: [],
        failed: given.map((row) => ({ callId: row.call_id, error: new UnfinishedError(), resting: true })),
      },
    ];
    try {
      const sizes = ids.length === 0 ? new Map<string, number>() : await this.#sizesOf(ids);
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
  async finalizeIn(tx: Queryable, callIds: readonly string[]): Promise<readonly FinalizedCall[]> {
    const queued = await tx.query<{ call_id: string }>(sql.LOCK, [callIds]);
    const ids = queued.map((row) => row.call_id);
    const computed = await this.#compute((read) => read(tx), ids, await readSizes(tx, ids));
    for (const { error } of computed) if (error !== undefined) throw error;
    const finalized = await this.#write(tx, computed);
    await tx.query(sql.REMOVE, [ids]);
    return finalized;
  }

  /** What waits in the queue. `own` as in `take`. */
  async state(own?: readonly string[]): Promise<QueueState> {
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
  async #sizesOf(callIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    try {
      return await withRetries(() => readSizes(this.#db, callIds));
    } catch (error) {
      if (!isOfOneCall(error)) throw error;
      return new Map(callIds.map((callId) => [callId, Number.POSITIVE_INFINITY]));
    }
  }

  async #finalizeClaimed(
    callIds: readonly string[],
    sizes: ReadonlyMap<string, number>,
    claim: string,
  ): Promise<TakeResult> {
    await this.#db.query(sql.RENEW, [callIds, claim, this.#options.claimMs]);
    try {
      const computed = await this.#compute((read) => this.#db.transaction(read), callIds, sizes);
      return await withRetries(() => this.#writeClaimed(computed, claim));
    } catch (error) {
      if (!isOfOneCall(error)) throw error;
      const [callId] = callIds;
      if (callId !== undefined && callIds.length === 1) {
        return withRetries(() => this.#writeClaimed([{ callId, error }], claim));
      }
      // The statement does not say which call it is: each gets its own.
      const results: TakeResult[] = [];
      for (const id of callIds) results.push(await this.#finalizeClaimed([id], sizes, claim));
      return {
        taken: callIds.length,
        finalized: results.flatMap((result) => result.finalized),
        failed: results.flatMap((result) => result.failed),
      };
    }
  }

  async #compute(
    transaction: Database['transaction'],
    callIds: readonly string[],
    sizes: ReadonlyMap<string, number>,
  ): Promise<readonly Computed[]> {
    const { callGapMs, maxCallSpans } = this.#options;
    const spans = callIds.reduce((sum, callId) => sum + Math.min(sizes.get(callId) ?? 0, maxCallSpans), 0);
    const factsByCall = await transaction((tx) => readFacts(tx, callIds, { maxSpans: maxCallSpans, spans }));
    const computed: Computed[] = [];
    let pauseAtMs = performance.now() + WORK_MS;
    for (const callId of callIds) {
      // Other work of the process goes on in between. Not between any two calls: where there is much of it, every pause
      // is long.
      if (performance.now() >= pauseAtMs) {
        await setImmediate();
        pauseAtMs = performance.now() + WORK_MS;
      }
      const facts = factsByCall.get(callId) ?? [];
      try {
        const calls: CallRows[] = [];
        for (const call of splitCalls(facts, callGapMs * 1e3)) {
          const rows = await this.#options.finalize(call);
          if (rows !== undefined) calls.push(rows);
        }
        const dropped = (sizes.get(callId) ?? 0) - facts.length;
        const last = calls.at(-1);
        if (last !== undefined && dropped > 0 && Number.isFinite(dropped))
          last.metrics.spans_dropped = dropped;
        computed.push({ callId, calls });
      } catch (error) {
        computed.push({ callId, error });
      }
    }
    return computed;
  }

  /** Calls whose claim was lost in the meantime are left as they are. */
  #writeClaimed(computed: readonly Computed[], claim: string): Promise<TakeResult> {
    const { maxAttempts, retryDelayMs } = this.#options;
    return this.#db.transaction(async (tx) => {
      const ids = computed.map(({ callId }) => callId);
      const locked = await tx.query<{ call_id: string }>(sql.LOCK_CLAIMED, [ids, claim]);
      const held = new Set(locked.map((row) => row.call_id));
      const ours = computed.filter(({ callId }) => held.has(callId));
      const failures = ours.filter(({ error }) => error !== undefined);
      const done = ours.filter(({ error }) => error === undefined);
      const finalized = await this.#write(tx, done);
      await tx.query(sql.FINISH, [done.map(({ callId }) => callId), AGAIN_MS]);
      const putBack = await tx.query<{ call_id: string; resting: boolean }>(sql.PUT_BACK, [
        failures.map(({ callId }) => callId),
        failures.map(({ error }) => errorClass(error)),
        claim,
        maxAttempts,
        retryDelayMs,
      ]);
      const resting = new Set(putBack.filter((row) => row.resting).map((row) => row.call_id));
      const failed = failures.map(({ callId, error }) => ({ callId, error, resting: resting.has(callId) }));
      return { taken: computed.length, finalized, failed };
    });
  }

  async #write(tx: Queryable, computed: readonly Computed[]): Promise<readonly FinalizedCall[]> {
    const calls = computed.flatMap((each) => each.calls ?? []);
    const first = await writeCallRows(tx, calls, this.#options.workerId);
    await deleteCallsBeyond(
      tx,
      new Map(
        computed.flatMap(({ callId, calls }) => (calls?.length ? [[callId, calls.length] as const] : [])),
      ),
    );
    return calls.map((rows) => ({ rows, first: first.has(rows.metrics.call_id) }));
  }
}
