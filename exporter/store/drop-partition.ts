import { type CallKey, type CallName, keyArrays, keyOf } from './call-key.ts';
import type { Database } from './database.ts';
import { beginOf, KEY, partitionsOf, type TimePartition } from './journal-days.ts';

/** Calls that are looked through at once. */
const PAGE = 20_000;
/** How long the drop waits for those who read, and who writes waits with it, in milliseconds. */
export const LOCK_TIMEOUT_MS = 2_000;

const from = ({ day }: TimePartition) => (day === undefined ? '-infinity' : beginOf(day));
const IS_GIVEN = '(s.tenant, s.call_id) IN (SELECT * FROM UNNEST($1::text[], $2::text[]))';
const inPartition = ({ name }: TimePartition) => `\
CROSS JOIN LATERAL (
  SELECT FROM :schema.${name} s WHERE s.tenant = q.tenant AND s.call_id = q.call_id LIMIT 1
) AS s`;

// Nearly all calls of a day are of that day alone, and their rows say so.
const nextCalls = (part: TimePartition): string => `\
SELECT c.tenant, c.call_id, c.spans, coalesce(
  m.spans_at = m.finalized_at AND m.spans_from >= '${from(part)}' AND m.spans_until < '${beginOf(part.end)}', false
) AS whole
FROM (
  SELECT tenant, call_id, count(*)::int AS spans FROM :schema.${part.name}
  WHERE (tenant, call_id) > ($1, $2)
  GROUP BY tenant, call_id ORDER BY tenant, call_id LIMIT ${PAGE}
) AS c
LEFT JOIN :schema.call_metrics m ON m.tenant = c.tenant AND m.call_id = c.call_id
ORDER BY c.tenant, c.call_id`;

// Of the others the journal is asked.
const elsewhere = (part: TimePartition): string => `\
SELECT c.tenant, c.call_id, s.last_at >= now() - $3::double precision * interval '1 millisecond' AS "goesOn"
FROM UNNEST($1::text[], $2::text[]) AS c (tenant, call_id)
CROSS JOIN LATERAL (
  SELECT max(s.ended_at) AS last_at FROM :schema.call_spans s
  WHERE s.tenant = c.tenant AND s.call_id = c.call_id
    AND (s.ended_at < '${from(part)}' OR s.ended_at >= '${beginOf(part.end)}')
) AS s
WHERE s.last_at IS NOT NULL`;

interface Straddling {
  /** Calls that have a span that is not old enough. */
  readonly goOn: CallKey[];
  /** Calls that have expired, and have spans elsewhere. */
  readonly expired: CallKey[];
  /** In the partition. */
  readonly spans: ReadonlyMap<CallKey, number>;
  readonly total: number;
}

/** The calls of a partition that have spans elsewhere, too. */
async function straddlingCalls(db: Database, part: TimePartition, retentionMs: number): Promise<Straddling> {
  const [goOn, expired]: CallKey[][] = [[], []];
  const spans = new Map<CallKey, number>();
  let total = 0;
  let after: CallName = { tenant: '', call_id: '' };
  for (;;) {
    const page = await db.query<CallName & { spans: number; whole: boolean }>(nextCalls(part), [
      after.tenant,
      after.call_id,
    ]);
    total += page.reduce((sum, row) => sum + row.spans, 0);
    const others = page.filter(({ whole }) => !whole);
    for (const row of others) spans.set(keyOf(row), row.spans);
    const found = await db.query<CallName & { goesOn: boolean }>(elsewhere(part), [
      ...keyArrays(others.map(keyOf)),
      retentionMs,
    ]);
    for (const row of found) (row.goesOn ? goOn : expired)?.push(keyOf(row));
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE)
      return { goOn: goOn ?? [], expired: expired ?? [], spans, total };
    after = last;
  }
}

/**
 * Drops a partition of the journal, all of which is older than the retention. Calls stay whole: what of one that goes on, or
 * that waits to be finalized, moves to the partition for the rest; and of one that has expired nothing stays elsewhere.
 * Writers wait meanwhile, for as long as that takes; all else goes with the partition, in no time. What comes for a call
 * between the look at it and the drop is left for `IS_EXPIRED` to see.
 * @returns how many spans were removed.
 * @throws the driver's error; lock_not_available (55P03) where readers are in the way.
 */
export async function dropPartition(db: Database, part: TimePartition, retentionMs: number): Promise<number> {
  const { goOn, expired, spans, total } = await straddlingCalls(db, part, retentionMs);
  return db.transaction(async (tx) => {
    await tx.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await tx.query('LOCK TABLE ONLY :schema.call_spans IN ACCESS EXCLUSIVE MODE');
    const there = await partitionsOf(tx);
    if (!there?.times.some(({ name }) => name === part.name)) return 0;
    const waiting = await tx.query<CallName>(
      `SELECT q.tenant, q.call_id FROM :schema.call_queue q ${inPartition(part)} WHERE q.due_at < 'infinity'`,
    );
    const kept = [...new Set([...goOn, ...waiting.map(keyOf)])];
    // One that rests in the queue after too many failures goes with its place there.
    await tx.query(
      `DELETE FROM :schema.call_queue WHERE (tenant, call_id) IN (
         SELECT q.tenant, q.call_id FROM :schema.call_queue q ${inPartition(part)} WHERE q.due_at = 'infinity'
       ) AND (tenant, call_id) NOT IN (SELECT * FROM UNNEST($1::text[], $2::text[]))`,
      keyArrays(kept),
    );
    const gone = expired.filter((call) => !kept.includes(call));
    const [rest] = await tx.query<{ deleted: number }>(
      `WITH deleted AS (DELETE FROM :schema.call_spans s WHERE ${IS_GIVEN} RETURNING 1)
       SELECT count(*)::int AS deleted FROM deleted`,
      keyArrays(gone),
    );
    await tx.query(`ALTER TABLE :schema.call_spans DETACH PARTITION :schema.${part.name}`);
    const [moved] = await tx.query<{ spans: number }>(
      `WITH moved AS (INSERT INTO :schema.call_spans SELECT * FROM :schema.${part.name} s WHERE ${IS_GIVEN} RETURNING 1)
       SELECT count(*)::int AS spans FROM moved`,
      keyArrays(kept),
    );
    await tx.query(`DROP TABLE :schema.${part.name}`);
    // With the table of before the last key has gone that was another.
    if (part.day === undefined) await tx.query(`ALTER TABLE :schema.call_spans ADD PRIMARY KEY (${KEY})`);
    const twice = gone.reduce((sum, call) => sum + (spans.get(call) ?? 0), 0);
    return total - (moved?.spans ?? 0) + (rest?.deleted ?? 0) - twice;
  });
}
