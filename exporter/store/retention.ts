import type { Queryable } from './database.ts';

// Whole calls only, so that a call is never computed from a part of its spans; and none that waits to be finalised.
// One that rests in the queue after too many failures goes with its place there.
const DELETE_EXPIRED = `\
WITH expired AS (
  SELECT s.call_id FROM call_spans s
  WHERE s.ended_at < now() - $1::double precision * interval '1 millisecond'
    AND NOT EXISTS (
      SELECT FROM call_spans y
      WHERE y.call_id = s.call_id AND y.ended_at >= now() - $1 * interval '1 millisecond'
    )
    AND NOT EXISTS (SELECT FROM call_queue q WHERE q.call_id = s.call_id AND q.due_at < 'infinity')
  ORDER BY s.ended_at
  LIMIT $2
), unqueued AS (
  DELETE FROM call_queue WHERE due_at = 'infinity' AND call_id IN (SELECT call_id FROM expired)
), deleted AS (
  DELETE FROM call_spans WHERE call_id IN (SELECT call_id FROM expired) RETURNING 1
)
SELECT count(*)::int AS deleted FROM deleted`;

/**
 * Removes from the journal the spans of calls whose last span ended more than `retentionMs` ago. Rows stay. Works in
 * batches of about `batch` spans, rounded up to whole calls, each its own statement. (Default: 1000.)
 * @returns how many spans were removed.
 */
export async function deleteExpiredSpans(db: Queryable, retentionMs: number, batch = 1_000): Promise<number> {
  let total = 0;
  for (;;) {
    const [row] = await db.query<{ deleted: number }>(DELETE_EXPIRED, [retentionMs, batch]);
    const deleted = row?.deleted ?? 0;
    if (deleted === 0) return total;
    total += deleted;
  }
}
