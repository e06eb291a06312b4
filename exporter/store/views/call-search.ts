import type { StoredCallMetrics } from '../../../model/rows.ts';
import { STORED_METRICS } from '../columns.ts';
import type { Queryable } from '../database.ts';
import { decodeRow, selectList } from '../values.ts';
import { type CallPage, type CallPosition, startedBefore } from './call-list.ts';
import { type CallSelection, conditionsOf, hasPart, Parameters } from './selection.ts';

/** The first page of a search is of what so many calls have, so that it comes at once, and each one after it of so many more. */
const FIRST_CALLS = 10_000;
const MORE_CALLS = 50_000;

type Found = Record<string, unknown> & { position: string; is_found: boolean; is_last: boolean };

/**
 * One page of the calls of a selection that have `idPart` in their id, the latest first. A call whose whole id it is stands before
 * them on the first page, however old it is. Other pages are of so many calls as are looked at for one: they can have few calls,
 * or none, and more come with `next`.
 *
 * @param most - calls that are looked at. (Default: 10,000 for the first page, 50,000 for each after it.)
 */
export async function searchCallPage(
  db: Queryable,
  { idPart = '', ...others }: CallSelection,
  {
    limit,
    after,
    most = after === undefined ? FIRST_CALLS : MORE_CALLS,
  }: { limit: number; after?: CallPosition | undefined; most?: number },
): Promise<CallPage> {
  const parameters = new Parameters();
  const conditions = conditionsOf(others, parameters);
  const whole = `m.call_id = ${parameters.add(idPart)}`;
  const named =
    after === undefined
      ? await db.query<Found>(
          `SELECT ${selectList(STORED_METRICS)} FROM :schema.call_metrics m WHERE ${whole} AND ${conditions} ORDER BY m.tenant`,
          parameters.values,
        )
      : [];
  const later = after === undefined ? '' : `AND ${startedBefore(after, parameters)}`;
  const rows = await db.query<Found>(
    `SELECT ${selectList(STORED_METRICS)}, started_at::text AS position, is_found, place = ${most} AS is_last
FROM (
  SELECT m.tenant AS of_tenant, m.call_id AS of_call, m.started_at AS began, ${hasPart(idPart, parameters)} AND NOT ${whole} AS is_found,
    row_number() OVER (ORDER BY m.started_at DESC, m.call_id, m.tenant) AS place
  FROM :schema.call_metrics m WHERE ${conditions} ${later}
  ORDER BY m.started_at DESC, m.call_id, m.tenant LIMIT ${most}
) AS looked_at
CROSS JOIN LATERAL (SELECT * FROM :schema.call_metrics WHERE tenant = of_tenant AND call_id = of_call OFFSET 0) AS m
WHERE is_found OR place = ${most}
ORDER BY began DESC, of_call, of_tenant LIMIT ${parameters.add(limit, 'integer')}`,
    parameters.values,
  );
  const found = [...named, ...rows.filter(({ is_found }) => is_found)];
  const calls = found.map((row) => decodeRow<StoredCallMetrics>(STORED_METRICS, row));
  const last = rows.at(-1);
  if (last === undefined || (rows.length < limit && !last.is_last)) return { calls };
  return {
    calls,
    next: { value: last.position, tenant: String(last.tenant), callId: String(last.call_id) },
  };
}
