import type { Queryable } from './database.ts';

// In a database without a call of another day none was deleted: it is new, or another one than was meant.
const WITHOUT_ROW = `\
SELECT given.call_id
FROM unnest($2::text[]) AS given(call_id)
WHERE NOT EXISTS (
    SELECT FROM :schema.call_metrics m WHERE m.tenant = $1 AND m.call_id = given.call_id
  )
  AND EXISTS (SELECT FROM :schema.call_metrics m WHERE m.started_at < now() - interval '1 day')`;

// Apart from the rows: the journal can be in shards elsewhere.
const WITH_SPAN = `\
SELECT s.call_id FROM :schema.call_spans s WHERE s.tenant = $1 AND s.call_id = ANY ($2::text[]) GROUP BY s.call_id`;

/** Of calls that were here a day ago, those that are no more: their rows and spans were deleted. */
export async function deletedCalls(
  db: Queryable,
  tenant: string,
  callIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const idsOf = async (statement: string, ids: readonly string[]) =>
    (await db.query<{ call_id: string }>(statement, [tenant, ids])).map(({ call_id }) => call_id);
  const withoutRow = await idsOf(WITHOUT_ROW, callIds);
  if (withoutRow.length === 0) return new Set();
  const withSpan = new Set(await idsOf(WITH_SPAN, withoutRow));
  return new Set(withoutRow.filter((id) => !withSpan.has(id)));
}
