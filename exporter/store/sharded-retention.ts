import { type CallKey, type CallName, keyArrays, keyOf } from './call-key.ts';
import type { Database } from './database.ts';
import { LOCK_TIMEOUT_MS } from './drop-partition.ts';
import { beginOf, type TimePartition } from './journal-days.ts';

/**
 * Retention where the journal is in shards: each statement on it names nothing else, so that every shard does its part by
 * itself. A day is dropped when no call in it goes on or waits to be finalized: until then it stays, where in one database the
 * few spans that are kept would move.
 */

/** Calls that are looked at together. */
const PAGE = 1_000;
const AGO = "now() - $3::double precision * interval '1 millisecond'";

/** The next calls that a table has spans of; of one that is not a day's partition only those of old spans. */
const nextCalls = (table: string): string => `\
SELECT s.tenant, s.call_id FROM :schema.${table} s
WHERE (s.tenant, s.call_id) > ($1::text, $2::text) AND s.ended_at < ${AGO}
GROUP BY s.tenant, s.call_id ORDER BY s.tenant, s.call_id LIMIT ${PAGE}`;

// By two lists, and the pair: Citus finds shards by the first.
const IS_GIVEN = "s.call_id = ANY ($2::text[]) AND s.tenant || '/' || s.call_id = ANY ($1::text[])";
const GOES_ON = `\
SELECT s.tenant, s.call_id FROM :schema.call_spans s WHERE ${IS_GIVEN} AND s.ended_at >= ${AGO}
GROUP BY s.tenant, s.call_id`;
const REMOVE = `DELETE FROM :schema.call_spans s WHERE ${IS_GIVEN} RETURNING s.span_id`;
const removeAfter = (part: TimePartition): string => `\
DELETE FROM :schema.call_spans s WHERE ${IS_GIVEN} AND s.ended_at >= '${beginOf(part.end)}' RETURNING s.span_id`;
const countOf = (part: TimePartition): string => `SELECT count(*)::int AS spans FROM :schema.${part.name} s`;

// On the coordinator.
const QUEUED = `\
SELECT q.tenant, q.call_id, q.due_at = 'infinity' AS resting FROM :schema.call_queue q
WHERE (q.tenant, q.call_id) IN (SELECT * FROM UNNEST($1::text[], $2::text[]))`;
const UNQUEUE = `\
DELETE FROM :schema.call_queue
WHERE due_at = 'infinity' AND (tenant, call_id) IN (SELECT * FROM UNNEST($1::text[], $2::text[]))`;

const given = (calls: readonly CallKey[]): [CallKey[], string[]] => [[...calls], keyArrays(calls)[1]];

/** The calls of a table, so many at a time, each with whether it is to stay. */
async function* callsIn(
  db: Database,
  table: string,
  retentionMs: number,
): AsyncGenerator<{ expired: CallKey[]; kept: CallKey[] }> {
  let after: CallName = { tenant: '', call_id: '' };
  for (;;) {
    const page = await db.query<CallName>(nextCalls(table), [after.tenant, after.call_id, retentionMs]);
    const calls = page.map(keyOf);
    const kept = new Set([
      ...(await db.query<CallName>(GOES_ON, [...given(calls), retentionMs])).map(keyOf),
      ...(await db.query<CallName & { resting: boolean }>(QUEUED, keyArrays(calls)))
        .filter(({ resting }) => !resting)
        .map(keyOf),
    ]);
    yield { expired: calls.filter((call) => !kept.has(call)), kept: [...kept] };
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last;
  }
}

/**
 * Deletes the spans of expired calls that have one in a table, with their places in the queue where they rest.
 * @returns how many spans were removed.
 */
export async function deleteExpiredOf(db: Database, table: string, retentionMs: number): Promise<number> {
  let total = 0;
  for await (const { expired } of callsIn(db, table, retentionMs)) {
    if (expired.length === 0) continue;
    total += await db.transaction(async (tx) => {
      await tx.query(UNQUEUE, keyArrays(expired));
      return (await tx.query(REMOVE, given(expired))).length;
    });
  }
  return total;
}

/**
 * Drops a partition of the journal, all of which is older than the retention, with what its calls have elsewhere; or nothing of
 * it, where one of them goes on or waits.
 * @returns how many spans were removed.
 * @throws the driver's error; lock_not_available (55P03) where readers are in the way.
 */
export async function dropShardedPartition(
  db: Database,
  part: TimePartition,
  retentionMs: number,
): Promise<number> {
  for await (const { kept } of callsIn(db, part.name, retentionMs)) if (kept.length > 0) return 0;
  const [row] = await db.query<{ spans: number }>(countOf(part));
  let elsewhere = 0;
  for await (const { expired } of callsIn(db, part.name, retentionMs)) {
    await db.query(UNQUEUE, keyArrays(expired));
    elsewhere += (await db.query(removeAfter(part), given(expired))).length;
  }
  await db.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}; DROP TABLE :schema.${part.name}`);
  return (row?.spans ?? 0) + elsewhere;
}
