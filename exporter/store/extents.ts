import { type CallKey, keyArrays } from './call-key.ts';
import type { Queryable } from './database.ts';

/** Instants as PostgreSQL writes them: spans of calls ended at the first, at the last, or in between. */
export type Extent = readonly [from: string, until: string];

/** Of any time. */
export const ANY_TIME: Extent = ['-infinity', 'infinity'];

// The queue knows of the spans that came since the call is queued, and the call's row of those that it was computed from. A
// call leaves the queue in the transaction that writes its row, so what is in neither has not been committed yet: such a span
// queues its call again. Where there is no knowing (a row of an earlier version, neither row nor place) it is any time.
const EXTENT = `\
SELECT
  min(CASE WHEN known THEN first_at ELSE '-infinity' END)::text AS "from",
  max(CASE WHEN known THEN last_at ELSE 'infinity' END)::text AS until
FROM (
  SELECT
    CASE WHEN m.call_id IS NULL THEN q.call_id IS NOT NULL ELSE coalesce(m.spans_at = m.finalized_at, false) END AS known,
    least(q.first_at, m.spans_from) AS first_at,
    greatest(q.last_at, m.spans_until) AS last_at
  FROM UNNEST($1::text[], $2::text[]) AS c (tenant, call_id)
  LEFT JOIN :schema.call_queue q ON q.tenant = c.tenant AND q.call_id = c.call_id
  LEFT JOIN :schema.call_metrics m ON m.tenant = c.tenant AND m.call_id = c.call_id
) AS calls`;

/**
 * When the spans of some calls ended. To be asked before the spans are read, and passed on as parameters: then no partition
 * but those of these days is opened, nor locked.
 */
export async function extentOf(db: Queryable, calls: readonly CallKey[]): Promise<Extent> {
  const [row] = await db.query<{ from: string | null; until: string | null }>(EXTENT, keyArrays(calls));
  return row?.from && row.until ? [row.from, row.until] : ANY_TIME;
}

/** SQL: the row `s` of the journal ended within the extent that is these parameters. */
export const isWithin = (s: string, from: number): string =>
  `${s}.ended_at >= $${from}::timestamptz AND ${s}.ended_at <= $${from + 1}::timestamptz`;
