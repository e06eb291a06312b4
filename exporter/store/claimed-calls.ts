import type { CallRows } from '../../model/rows.ts';
import { MAX_CALL_SPANS, readSizes } from './call-facts.ts';
import { type CallKey, type CallName, keyArrays, keyOf, partsOf } from './call-key.ts';
import { type ComputedCalls, computeCalls, type Finalize } from './compute.ts';
import type { Database, Queryable } from './database.ts';
import { errorClass, withRetries } from './errors.ts';
import { ANY_TIME } from './extents.ts';
import * as sql from './queue-statements.ts';
import { deleteCallsBeyond, writeCallRows } from './rows.ts';
import { DEFAULT_CALL_GAP_MS } from './split.ts';

export interface ClaimedCallsOptions {
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

/** The defaults of those that the queue needs, too. */
export const QUEUE_DEFAULTS = { maxAttempts: 10, maxCallSpans: MAX_CALL_SPANS, claimMs: 15_000 } as const;

/** Calls that are claimed and are finalized together. */
export interface ClaimedGroup {
  readonly calls: readonly CallKey[];
  /** Of each call, how many spans the journal has. */
  readonly sizes: ReadonlyMap<CallKey, number>;
  readonly claim: string;
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

/** What became of calls that were taken. */
export interface TakeResult<Call = FinalizedCall> {
  /** Calls that were taken, whatever became of them; 0: nothing is due. */
  readonly taken: number;
  readonly finalized: readonly Call[];
  /** Put back into the queue for later. */
  readonly failed: readonly FailedCall[];
}

/** A call that a span came to while it was finalized waits for so long for others, in milliseconds. */
const AGAIN_MS = 2_000;

export const failedCall = (call: CallKey, error: unknown, resting: boolean): FailedCall => ({
  ...partsOf(call),
  error,
  resting,
});

/** Reads, computes and writes calls that are claimed, and ends their claims. Holds no state. */
export class ClaimedCalls {
  readonly #db: Database;
  readonly #options: Required<ClaimedCallsOptions>;

  constructor(db: Database, options: ClaimedCallsOptions) {
    this.#db = db;
    this.#options = {
      ...QUEUE_DEFAULTS,
      retryDelayMs: 5_000,
      callGapMs: DEFAULT_CALL_GAP_MS,
      ...options,
    };
  }

  /**
   * Finalizes them in one transaction. What cannot be computed is put back.
   * @throws the driver's error; nothing has changed then.
   */
  async finalize({ calls, sizes, claim }: ClaimedGroup): Promise<TakeResult> {
    await this.#db.query(sql.RENEW, [...keyArrays(calls), claim, this.#options.claimMs]);
    const computed = await computeCalls((read) => this.#db.transaction(read), calls, sizes, this.#options);
    return withRetries(() => this.#write(computed, claim));
  }

  /** Puts a call back that cannot be finalized. */
  putBack(call: CallKey, error: unknown, claim: string): Promise<TakeResult> {
    return withRetries(() => this.#write({ computed: [{ call, error }], extent: ANY_TIME }, claim));
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
    for (const { error } of computed.computed) if (error !== undefined) throw error;
    const finalized = await this.#writeRows(tx, computed);
    await tx.query(sql.REMOVE, keyArrays(queued));
    return finalized;
  }

  /** Calls whose claim was lost in the meantime are left as they are. */
  #write({ computed, extent }: ComputedCalls, claim: string): Promise<TakeResult> {
    const { maxAttempts, retryDelayMs } = this.#options;
    return this.#db.transaction(async (tx) => {
      const claimed = keyArrays(computed.map(({ call }) => call));
      const locked = await tx.query<CallName>(sql.LOCK_CLAIMED, [...claimed, claim]);
      const held = new Set(locked.map(keyOf));
      const ours = computed.filter(({ call }) => held.has(call));
      const failures = ours.filter(({ error }) => error !== undefined);
      const done = ours.filter(({ error }) => error === undefined);
      const finalized = await this.#writeRows(tx, { computed: done, extent });
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

  async #writeRows(tx: Queryable, { computed, extent }: ComputedCalls): Promise<readonly FinalizedCall[]> {
    const calls = computed.flatMap((each) => each.calls ?? []);
    const first = await writeCallRows(tx, calls, this.#options.workerId, extent);
    await deleteCallsBeyond(
      tx,
      new Map(
        computed.flatMap((each) => (each.calls?.length ? [[each.call, each.calls.length] as const] : [])),
      ),
    );
    return calls.map((rows) => ({ rows, first: first.has(keyOf(rows.metrics)) }));
  }
}
