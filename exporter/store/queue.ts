import { randomUUID } from 'node:crypto';
import { DEFAULT_TENANT } from '../../model/tenant.ts';
import { groupsOf, readSizes } from './call-facts.ts';
import { type CallKey, type CallName, callKey, keyOf } from './call-key.ts';
import {
  ClaimedCalls,
  type ClaimedCallsOptions,
  type ClaimedGroup,
  type FinalizedCall,
  failedCall,
  QUEUE_DEFAULTS,
  type TakeResult,
} from './claimed-calls.ts';
import type { Database } from './database.ts';
import { isOfOneCall, UnfinishedError, withRetries } from './errors.ts';
import * as sql from './queue-statements.ts';

/** Finalizes the calls of a group and ends their claims, here or elsewhere. */
export interface GroupWork<Call> {
  finalize(group: ClaimedGroup): Promise<TakeResult<Call>>;
  putBack(call: CallKey, error: unknown, claim: string): Promise<TakeResult<Call>>;
}

export type ClaimQueueOptions = Pick<ClaimedCallsOptions, 'maxAttempts' | 'maxCallSpans' | 'claimMs'>;

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
/** The calls that wait in `call_queue`, claimed here and finalized by `work`. Any number of workers may take from it at once. */
export class ClaimQueue<Call> {
  readonly #db: Database;
  readonly #work: GroupWork<Call>;
  readonly #options: Required<ClaimQueueOptions>;
  /** Claims that could not be given back: the database was away by then, too. */
  #unreleased: string[] = [];

  constructor(db: Database, work: GroupWork<Call>, options: ClaimQueueOptions = {}) {
    this.#db = db;
    this.#work = work;
    this.#options = { ...QUEUE_DEFAULTS, ...options };
  }

  /**
   * Finalizes calls: claims them, reads their facts, computes, writes both tables and removes them from the queue. Small
   * calls come first and together, a large one alone. A call that cannot be read, computed or stored is put back and does
   * not hold up the others.
   * @throws the driver's error when the database cannot be reached. What was not written by then is due again.
   */
  async take(options: TakeOptions = {}): Promise<TakeResult<Call>> {
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
    const results: TakeResult<Call>[] = [
      {
        taken: given.length,
        finalized: [],
        failed: given.map((row) => failedCall(keyOf(row), new UnfinishedError(), true)),
      },
    ];
    try {
      const sizes = calls.length === 0 ? new Map<CallKey, number>() : await this.#sizesOf(calls);
      for (const group of groupsOf(sizes, this.#options.maxCallSpans)) {
        results.push(await this.#finalize({ calls: group, sizes, claim }));
      }
    } catch (error) {
      await this.#db.query(sql.RELEASE, [claim]).catch(() => this.#unreleased.push(claim));
      throw error;
    }
    return together(results);
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

  async #finalize(group: ClaimedGroup): Promise<TakeResult<Call>> {
    try {
      return await this.#work.finalize(group);
    } catch (error) {
      if (!isOfOneCall(error)) throw error;
      const [call] = group.calls;
      if (call !== undefined && group.calls.length === 1) return this.#work.putBack(call, error, group.claim);
      // The error does not say which call it is: each gets its own.
      const results: TakeResult<Call>[] = [];
      for (const each of group.calls) results.push(await this.#finalize({ ...group, calls: [each] }));
      return together(results);
    }
  }
}

const together = <Call>(results: readonly TakeResult<Call>[]): TakeResult<Call> => ({
  taken: results.reduce((sum, result) => sum + result.taken, 0),
  finalized: results.flatMap((result) => result.finalized),
  failed: results.flatMap((result) => result.failed),
});

export type QueueOptions = ClaimedCallsOptions;

/** The queue, whose calls are finalized where it is. */
export class Queue extends ClaimQueue<FinalizedCall> {
  constructor(db: Database, options: QueueOptions) {
    super(db, new ClaimedCalls(db, options), options);
  }
}
