import type { Tags } from '../../model/tags.ts';
import type { Database } from './database.ts';

const DELETE = `\
WITH calls AS (
  DELETE FROM :schema.call_metrics WHERE tags @> $1::jsonb RETURNING call_id
), turns AS (
  DELETE FROM :schema.call_logs USING calls WHERE call_logs.call_id = calls.call_id
), queued AS (
  DELETE FROM :schema.call_queue USING calls WHERE call_queue.call_id = calls.call_id
)
SELECT call_id FROM calls`;

// Apart from the rows: the journal can be in shards elsewhere.
const DELETE_SPANS = 'DELETE FROM :schema.call_spans s WHERE s.call_id = ANY ($1::text[])';

/** Deletes the calls that have all of these tags, with their turns and spans. Gives how many. */
export async function deleteTaggedCalls(db: Database, tags: Tags): Promise<number> {
  return db.transaction(async (tx) => {
    const calls = await tx.query<{ call_id: string }>(DELETE, [JSON.stringify(tags)]);
    await tx.query(DELETE_SPANS, [calls.map(({ call_id }) => call_id)]);
    return calls.length;
  });
}
