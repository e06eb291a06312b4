import type { Queryable } from './database.ts';

// Whole calls only, so that a call is never computed from a part of its spans; and none that waits to be finalized.
// One that rests in the queue after too many failures goes with its place there.
const DELETE_EXPIRED = `\
WITH expired AS (
  SELECT s.tenant, s.call_id FROM :schema.call_spans s
  WHERE s.ended_at < now() - $1::double precision * interval '1 millisecond'
    AND NOT EXISTS (
      SELECT FROM :schema.call_spans y
      WHERE y.tenant = s.tenant AND y.call_id = s.call_id AND y.ended_at >= now() - $1 * interval '1 millisecond'
    )
    AND NOT EXISTS (
      SELECT FROM :schema.call_queue q
      WHERE q.tenant = s.tenant AND q.call_id = s.call_id AND q.due_at < 'infinity'
    )
  ORDER BY s.ended_at
  LIMIT $2
), unqueued AS (
  DELETE FROM :schema.call_queue
  WHERE due_at = 'infinity' AND (tenant, call_id) IN (SELECT tenant, call_id FROM expired)
), deleted AS (
  DELETE FROM :schema.call_spans WHERE (tenant, call_id) IN (SELECT tenant, call_id FROM expired) RETURNING 1
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

export interface RetentionOptions {
  /** How long spans stay after the last span of their call, in milliseconds. */
  retentionMs: number;
  /** Between two rounds, in milliseconds; the first is at a random time within the first interval. (Default: one hour.) */
  everyMs?: number;
  /** Told when a round failed; the next one tries again. (Default: nothing.) */
  onError?: (error: unknown) => void;
}

/**
 * Removes expired spans now and then, until it is stopped. Any number of processes may do so. Never throws, and does not
 * keep the process alive.
 * @returns a function that stops it, and resolves when the round under way is done.
 */
export function keepRetention(
  db: Queryable,
  { retentionMs, everyMs = 3_600_000, onError = () => {} }: RetentionOptions,
): () => Promise<void> {
  let round: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout;
  const schedule = (delayMs: number) => {
    timer = setTimeout(() => {
      schedule(everyMs);
      round = round.then(() => deleteExpiredSpans(db, retentionMs)).catch(onError);
    }, delayMs).unref();
  };
  // Processes that are started together do not all delete together.
  schedule(Math.random() * everyMs);
  return async () => {
    clearTimeout(timer);
    await round.catch(() => {});
  };
}
