import type { Tags } from '../../model/tags.ts';
import type { Database } from './database.ts';

const DELETE = `\
WITH calls AS (
  DELETE FROM :schema.call_metrics WHERE tags @> $1::jsonb RETURNING tenant, call_id
), turns AS (
  DELETE FROM :schema.call_logs l USING calls c WHERE l.tenant = c.tenant AND l.call_id = c.call_id
), queued AS (
  DELETE FROM :schema.call_queue q USING calls c WHERE q.tenant = c.tenant AND q.call_id = c.call_id
)
SELECT tenant, array_agg(call_id) AS calls FROM calls GROUP BY tenant`;

// Apart from the rows: the journal can be in shards elsewhere.
const DELETE_SPANS = 'DELETE FROM :schema.call_spans s WHERE s.tenant = $1 AND s.call_id = ANY ($2::text[])';

/** Deletes the calls that have all of these tags, with their turns and spans. Gives how many. */
export async function deleteTaggedCalls(db: Database, tags: Tags): Promise<number> {
  return db.transaction(async (tx) => {
    const deleted = await tx.query<{ tenant: string; calls: string[] }>(DELETE, [JSON.stringify(tags)]);
    // Ids are unique within a tenant: another's call of the same id stays.
    for (const { tenant, calls } of deleted) await tx.query(DELETE_SPANS, [tenant, calls]);
    return deleted.reduce((sum, { calls }) => sum + calls.length, 0);
  });
}
