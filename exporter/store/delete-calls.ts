import type { Tags } from '../../model/tags.ts';
import type { Database } from './database.ts';

const DELETE = `\
WITH calls AS (
  DELETE FROM :schema.call_metrics WHERE tags @> $1::jsonb RETURNING call_id
), turns AS (
  DELETE FROM :schema.call_logs USING calls WHERE call_logs.call_id = calls.call_id
), spans AS (
  DELETE FROM :schema.call_spans USING calls WHERE call_spans.call_id = calls.call_id
), queued AS (
  DELETE FROM :schema.call_queue USING calls WHERE call_queue.call_id = calls.call_id
)
SELECT count(*)::int AS deleted FROM calls`;

/** Deletes the calls that have all of these tags, with their turns and spans. Gives how many. */
export async function deleteTaggedCalls(db: Database, tags: Tags): Promise<number> {
  const [row] = await db.query<{ deleted: number }>(DELETE, [JSON.stringify(tags)]);
  return row?.deleted ?? 0;
}
