import { type CallKey, keyArrays } from './call-key.ts';
import { HAS_CITUS } from './citus.ts';
import type { Queryable } from './database.ts';

/** When the spans of some calls ended, and whether the journal is read call by call. */
export interface Extent {
  /** Instants as PostgreSQL writes them: spans ended at the first, at the last, or in between. */
  readonly between: readonly [from: string, until: string];
  /** Citus is in the database: see `sharded-journal.ts`. */
  readonly citus: boolean;
}

/** Of any time, in one database. */
export const ANY_TIME: Extent = { between: ['-infinity', 'infinity'], citus: false };

// The queue knows of the spans that came since the call is queued, and the call's row of those that it was computed from. A
// call leaves the queue in the transaction that writes its row, so what is in neither has not been committed yet: such a span
// queues its call again. Where there is no knowing (a row of an earlier version, neither row nor place) it is any time.
//
// Who judges a call that has not come yet leaves no row: of a call without one its last day (UTC) is read to the end, which opens
// no other partition.
const endOfDay = (at: string) =>
  `date_trunc('day', ${at}, 'UTC') + interval '1 day' - interval '1 microsecond'`;
const EXTENT = `\
SELECT
  min(CASE WHEN known THEN first_at ELSE '-infinity' END)::text AS "from",
  max(CASE WHEN known THEN last_at ELSE 'infinity' END)::text AS until,
  ${HAS_CITUS} AS citus
FROM (
  SELECT
    CASE WHEN m.call_id IS NULL THEN q.call_id IS NOT NULL ELSE coalesce(m.spans_at = m.finalized_at, false) END AS known,
    least(q.first_at, m.spans_from) AS first_at,
    CASE WHEN m.call_id IS NULL THEN ${endOfDay('q.last_at')} ELSE greatest(q.last_at, m.spans_until) END AS last_at
  FROM UNNEST($1::text[], $2::text[]) AS c (tenant, call_id)
  LEFT JOIN :schema.call_queue q ON q.tenant = c.tenant AND q.call_id = c.call_id
  LEFT JOIN :schema.call_metrics m ON m.tenant = c.tenant AND m.call_id = c.call_id
) AS calls`;

/**
 * When the spans of some calls ended. To be asked before the spans are read, and passed on as parameters: then no partition
 * but those of these days is opened, nor locked.
 */
export async function extentOf(db: Queryable, calls: readonly CallKey[]): Promise<Extent> {
  const [row] = await db.query<{ from: string | null; until: string | null; citus: boolean }>(
    EXTENT,
    keyArrays(calls),
  );
  const between = row?.from && row.until ? ([row.from, row.until] as const) : ANY_TIME.between;
  return { between, citus: row?.citus === true };
}

/** SQL: the row `s` of the journal ended within the extent that is these parameters. */
export const isWithin = (s: string, from: number): string =>
  `${s}.ended_at >= $${from}::timestamptz AND ${s}.ended_at <= $${from + 1}::timestamptz`;
