import type { Queryable } from './database.ts';

// In a database without a call of another day none was deleted: it is new, or another one than was meant.
const SELECT = `\
SELECT given.call_id
FROM unnest($2::text[]) AS given(call_id)
WHERE NOT EXISTS (
    SELECT FROM :schema.call_metrics m WHERE m.tenant = $1 AND m.call_id = given.call_id
  )
  AND NOT EXISTS (
    SELECT FROM :schema.call_spans s WHERE s.tenant = $1 AND s.call_id = given.call_id
  )
  AND EXISTS (SELECT FROM :schema.call_metrics m WHERE m.started_at < now() - interval '1 day')`;

/** Of calls that were here a day ago, those that are no more: their rows and spans were deleted. */
export async function deletedCalls(
  db: Queryable,
  tenant: string,
  callIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ call_id: string }>(SELECT, [tenant, callIds]);
  return new Set(rows.map(({ call_id }) => call_id));
}
