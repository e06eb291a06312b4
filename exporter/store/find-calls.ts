import { type CallKey, type CallName, keyOf } from './call-key.ts';
import type { Queryable } from './database.ts';
import { likePrefix } from './filter.ts';

/** A call that goes on: spans of it came, and its end has not. */
export interface RunningCall {
  tenant: string;
  /** As its spans name it. */
  callId: string;
  /** Since when spans of it are here, in microseconds since 1970. */
  sinceUs: number;
}

// What rests had a failure and waits for a new span; it is listed by itself.
const RUNNING = `\
SELECT q.tenant, q.call_id AS "callId", (extract(epoch from q.queued_at) * 1000000)::double precision AS "sinceUs"
FROM :schema.call_queue q
WHERE NOT q.ended AND q.due_at < 'infinity' AND q.call_id LIKE $2
  AND ($3::text[] IS NULL OR q.tenant = ANY ($3))
ORDER BY q.queued_at DESC, q.call_id, q.tenant
LIMIT $1`;

/** Calls that go on, the latest first. (Default: any, of all tenants.) */
export const listRunningCalls = (
  db: Queryable,
  limit: number,
  prefix = '',
  tenants?: readonly string[],
): Promise<RunningCall[]> => db.query<RunningCall>(RUNNING, [limit, likePrefix(prefix), tenants ?? null]);

/** Ids are short of what people type or copy: so many are shown where one was meant. */
const CANDIDATES = 6;

const FINISHED = `\
SELECT m.tenant, m.call_id FROM :schema.call_metrics m
WHERE m.call_id LIKE $1 AND ($3::text[] IS NULL OR m.tenant = ANY ($3))
ORDER BY m.call_id <> $2, m.started_at DESC, m.tenant LIMIT ${CANDIDATES}`;

/** Calls whose id is `id`, else those whose id begins so, finished ones first: a few. (Default: of all tenants.) */
export async function findCalls(
  db: Queryable,
  id: string,
  tenants?: readonly string[],
): Promise<{ finished: CallKey[]; running: CallKey[] }> {
  const is = ({ call_id }: CallName) => call_id === id;
  const rows = await db.query<CallName>(FINISHED, [likePrefix(id), id, tenants ?? null]);
  const exact = rows.filter(is);
  if (exact.length > 0) return { finished: exact.map(keyOf), running: [] };
  const finished = rows.map(keyOf);
  const calls = (await listRunningCalls(db, CANDIDATES, id, tenants))
    .map(({ tenant, callId }) => ({ tenant, call_id: callId }))
    .filter((call) => !finished.includes(keyOf(call)));
  const same = calls.filter(is);
  return same.length > 0
    ? { finished: [], running: same.map(keyOf) }
    : { finished, running: calls.map(keyOf) };
}
