import type { Fact } from '../../model/facts.ts';
import { tenantOf } from '../../model/tenant.ts';
import type { Queryable } from './database.ts';
import { errorClass, isDataError, withRetries } from './errors.ts';
import { JournalDays } from './journal-days.ts';
import { COLUMNS, PARAMETERS, ROWS, rowsOf } from './stored-facts.ts';
import { TenantKeys } from './tenant-keys.ts';
import { columnList } from './values.ts';

export interface JournalOptions {
  /** From the end of a call, or a late span of it, to its rows, in milliseconds. (Default: 2000 ms.) */
  finalizeDelayMs?: number;
  /** A call that has not ended is finalized after so long without a new span, in milliseconds. (Default: 300 000 ms.) */
  idleLimitMs?: number;
  /** Makes partitions before facts are appended; undefined: none, as within a transaction. (Default: those of `db`.) */
  days?: JournalDays | undefined;
}

/** A fact that the database refuses by its content. It is lost; `reason` is a code for a counter. */
export interface RefusedFact {
  readonly fact: Fact;
  readonly reason: string;
}

export interface AppendResult {
  /** Facts that are new in the journal. The rest were there already, or are in `refused`. */
  readonly written: number;
  readonly refused: readonly RefusedFact[];
}

/** Late spans put an ended call off for so long at most. */
const MAX_POSTPONEMENT = '10 seconds';
/** A call that goes on is due so much of the idle limit too soon, at most: not each of its spans then changes its place. */
const IDLE_SLACK = 0.05;
/** A call that goes on and on has rows after so many idle limits: by default, after four hours. */
const MAX_IDLE_LIMITS = 48;

const FINALIZE_DELAY = `$${PARAMETERS + 1}::double precision`;
const IDLE_LIMIT = `$${PARAMETERS + 2}::double precision`;
/** Of a call that goes on. */
const IDLE_DUE = `least(excluded.due_at, q.queued_at + ${MAX_IDLE_LIMITS} * ${IDLE_LIMIT} * interval '1 millisecond')`;
const SLACK = `${IDLE_SLACK} * ${IDLE_LIMIT} * interval '1 millisecond'`;

// One statement, so that a fact and its call's place in the queue are committed together. Locks are taken in the order of
// the keys, first spans and then calls, so that two writers of the same spans cannot deadlock. Only a new span queues
// its call: a second delivery changes nothing. The journal's keys are not named by their columns: those of an earlier version
// are others. Nor is it read: whether the call has ended its place in the queue says, or its row.
const APPEND = `\
WITH inserted AS (
  INSERT INTO :schema.call_spans (${columnList(COLUMNS)})
  ${ROWS}
  ON CONFLICT DO NOTHING
  RETURNING tenant, call_id, stage, ended_at
), calls AS (
  SELECT tenant, call_id, bool_or(stage = 'call') AS ended,
    date_bin('1 day', min(ended_at), 'epoch'::timestamptz) AS first_at,
    date_bin('1 day', max(ended_at), 'epoch'::timestamptz) + interval '1 day - 1 microsecond' AS last_at
  FROM inserted
  GROUP BY tenant, call_id
), touched AS (
  SELECT c.tenant, c.call_id, c.first_at, c.last_at,
    c.ended OR coalesce(known.ended, false) OR coalesce(m.spans_ended, false) AS ended
  FROM calls c
  LEFT JOIN :schema.call_queue known ON known.tenant = c.tenant AND known.call_id = c.call_id
  LEFT JOIN :schema.call_metrics m ON m.tenant = c.tenant AND m.call_id = c.call_id
), queued AS (
  INSERT INTO :schema.call_queue AS q (tenant, call_id, ended, ended_at, due_at, first_at, last_at)
  SELECT tenant, call_id, ended, CASE WHEN ended THEN now() END,
    now() + (CASE WHEN ended THEN ${FINALIZE_DELAY} ELSE ${IDLE_LIMIT} END) * interval '1 millisecond',
    first_at, last_at
  FROM touched
  ORDER BY tenant, call_id
  ON CONFLICT ON CONSTRAINT call_queue_pkey DO UPDATE SET
    ended = q.ended OR excluded.ended,
    due_at = CASE
      -- Under way: the worker queues it again.
      WHEN q.claim IS NOT NULL THEN q.due_at
      -- Also for a writer that does not know of the end yet.
      WHEN q.ended OR excluded.ended THEN least(
        now() + ${FINALIZE_DELAY} * interval '1 millisecond',
        CASE WHEN q.attempts = 0 THEN q.ended_at + ${FINALIZE_DELAY} * interval '1 millisecond' + interval '${MAX_POSTPONEMENT}' END
      )
      WHEN q.attempts > 0 THEN excluded.due_at
      ELSE ${IDLE_DUE}
    END,
    ended_at = coalesce(q.ended_at, excluded.ended_at),
    first_at = least(q.first_at, excluded.first_at),
    last_at = greatest(q.last_at, excluded.last_at),
    appends = q.appends + 1,
    attempts = 0,
    last_error = NULL
  -- Locked it is in any case, so that no worker has it before these spans are committed.
  WHERE q.ended OR excluded.ended OR q.claim IS NOT NULL OR q.attempts > 0 OR q.last_error IS NOT NULL
    OR excluded.first_at < q.first_at OR excluded.last_at > q.last_at
    OR q.due_at NOT BETWEEN ${IDLE_DUE} - ${SLACK} AND ${IDLE_DUE} + ${SLACK}
)
SELECT count(*)::int AS written FROM inserted`;

/** Appends facts to `call_spans` and queues their calls in `call_queue`. Holds no state: any number may run. */
export class Journal {
  readonly #db: Queryable;
  readonly #delaysMs: readonly [number, number];
  readonly #keys: TenantKeys;
  readonly #days: JournalDays | undefined;

  constructor(db: Queryable, options: JournalOptions = {}) {
    const { finalizeDelayMs = 2_000, idleLimitMs = 300_000 } = options;
    this.#db = db;
    this.#keys = new TenantKeys(db);
    this.#days = 'days' in options ? options.days : new JournalDays(db);
    this.#delaysMs = [finalizeDelayMs, idleLimitMs];
  }

  /**
   * To be awaited before facts are appended together with those of others, which must not wait or fail for them.
   * @throws TenantKeysError, or the driver's error.
   */
  async prepare(facts: readonly Fact[]): Promise<void> {
    await this.#days?.prepare(facts);
    await this.#keys.prepare(facts);
  }

  /**
   * Appends facts; those that the journal has already change nothing, so the same facts can be appended again after any
   * error. A fact that the database refuses by its content is reported and does not hold up the others.
   * @throws the driver's error when the database cannot be reached or is not migrated: all facts are still the caller's.
   */
  async append(facts: readonly Fact[]): Promise<AppendResult> {
    if (facts.length === 0) return { written: 0, refused: [] };
    await this.prepare(facts);
    try {
      const rows = rowsOf(inOrder(facts), this.#days?.isNew !== true);
      // Retries happen here and not around the halves, which would multiply them.
      const [row] = await withRetries(() =>
        this.#db.query<{ written: number }>(APPEND, [...rows, ...this.#delaysMs]),
      );
      return { written: row?.written ?? 0, refused: [] };
    } catch (error) {
      if (!isDataError(error) && !(error instanceof TypeError)) throw error;
      const [fact] = facts;
      if (facts.length === 1 && fact !== undefined) {
        return { written: 0, refused: [{ fact, reason: errorClass(error) }] };
      }
      // The statement does not say which fact is at fault: halve until it is alone.
      const middle = facts.length >> 1;
      const first = await this.append(facts.slice(0, middle));
      const second = await this.append(facts.slice(middle));
      return {
        written: first.written + second.written,
        refused: [...first.refused, ...second.refused],
      };
    }
  }
}

/** As the journal's key has it, so that what is written together is together in the index. */
function byKey(a: Fact, b: Fact): number {
  const [one, other] = [tenantOf(a), tenantOf(b)];
  if (one !== other) return one < other ? -1 : 1;
  if (a.callId !== b.callId) return a.callId < b.callId ? -1 : 1;
  if (a.traceId !== b.traceId) return a.traceId < b.traceId ? -1 : 1;
  if (a.spanId !== b.spanId) return a.spanId < b.spanId ? -1 : 1;
  return 0;
}

/** In order, one of each span: of one that is there twice the first, as it would be of two batches. */
const inOrder = (facts: readonly Fact[]): Fact[] =>
  facts.toSorted(byKey).filter((fact, index, sorted) => {
    const before = sorted[index - 1];
    return before === undefined || byKey(before, fact) !== 0;
  });
