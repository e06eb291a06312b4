import type { CallLogRow } from '../../../model/rows.ts';
import { CALL_LOGS } from '../columns.ts';
import type { Queryable } from '../database.ts';
import { type CallFilter, callCondition } from '../filter.ts';
import { decodeRow, selectList } from '../values.ts';

/**
 * The turns of a selection of calls with the longest silence, the longest first. They are in the calls with the longest one:
 * no turns of other calls are read.
 *
 * @param atLeastSeconds - silences of less are left out
 */
export async function listSlowTurns(
  db: Queryable,
  filter: CallFilter,
  { limit, atLeastSeconds = 0 }: { limit: number; atLeastSeconds?: number },
): Promise<CallLogRow[]> {
  const { sql, params } = callCondition(filter, 3);
  const rows = await db.query(
    `SELECT ${selectList(CALL_LOGS)}
FROM (
  SELECT m.tenant AS of_tenant, m.call_id AS of_call FROM :schema.call_metrics m
  WHERE m.eou_latency_max >= $2::double precision AND ${sql}
  ORDER BY m.eou_latency_max DESC, m.tenant, m.call_id LIMIT $1::integer
) AS c
CROSS JOIN LATERAL (
  SELECT * FROM :schema.call_logs WHERE tenant = c.of_tenant AND call_id = c.of_call AND eou_latency >= $2 OFFSET 0
) AS l
ORDER BY eou_latency DESC, tenant, call_id, turn_index LIMIT $1`,
    [limit, atLeastSeconds, ...params],
  );
  return rows.map((row) => decodeRow<CallLogRow>(CALL_LOGS, row));
}
