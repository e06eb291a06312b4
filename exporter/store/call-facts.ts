import type { Fact } from '../../model/facts.ts';
import { type CallKey, type CallName, keyArrays, keyOf } from './call-key.ts';
import type { Queryable } from './database.ts';
import { type Extent, extentOf, isWithin } from './extents.ts';
import { countOneByOne, FIRST_TO_LAST, factsOneByOne, MOST_COUNTED } from './sharded-journal.ts';
import { SpansOfCall, STORED, type StoredFact } from './stored-facts.ts';

/** Spans of one call that its rows are computed from, at most. */
export const MAX_CALL_SPANS = 20_000;

const SIZES = `\
SELECT c.tenant, c.call_id, (
  SELECT count(*) FROM (
    SELECT DISTINCT s.trace_id, s.span_id FROM :schema.call_spans s
    WHERE s.tenant = c.tenant AND s.call_id = c.call_id AND ${isWithin('s', 3)} LIMIT ${MOST_COUNTED}
  ) AS counted
)::int AS spans
FROM UNNEST($1::text[], $2::text[]) AS c (tenant, call_id)`;

/**
 * SQL: what the rows of the call `c` were computed from has left the journal, all of it (they are newer than all its spans)
 * or the first of it. A late span must not replace them with its own, and no price can be computed again.
 */
const IS_EXPIRED = `\
EXISTS (
  SELECT FROM :schema.call_metrics m
  CROSS JOIN LATERAL (
    SELECT min(s.recorded_at) AS recorded_at, min(s.ended_at) AS ended_at FROM :schema.call_spans s
    WHERE s.tenant = m.tenant AND s.call_id = m.call_id AND ${isWithin('s', 4)}
  ) AS first
  WHERE m.tenant = c.tenant AND m.call_id = c.call_id
    AND (m.finalized_at < first.recorded_at OR (m.spans_at = m.finalized_at AND m.spans_from < first.ended_at))
)`;

const FACTS = `\
SELECT s.*
FROM UNNEST($1::text[], $2::text[]) AS c (tenant, call_id)
CROSS JOIN LATERAL (
  SELECT ${STORED} FROM :schema.call_spans s
  WHERE s.tenant = c.tenant AND s.call_id = c.call_id AND ${isWithin('s', 4)}
  ORDER BY ${FIRST_TO_LAST}
  LIMIT $3
) AS s
WHERE NOT ${IS_EXPIRED}`;

/** How many spans the journal has of each call; some calls have none. */
export async function readSizes(
  db: Queryable,
  calls: readonly CallKey[],
): Promise<ReadonlyMap<CallKey, number>> {
  const extent = await extentOf(db, calls);
  if (extent.citus) return countOneByOne(db, calls, extent);
  const rows = await db.query<CallName & { spans: number }>(SIZES, [...keyArrays(calls), ...extent.between]);
  return new Map(rows.map((row) => [keyOf(row), row.spans]));
}

/** Facts that are read at a stretch: a driver parses a long answer without a pause. */
const PAGE = 500;

/**
 * The facts of calls, at most `maxSpans` of each; none of a call whose spans have expired. Where there are many they come
 * in pages, and the event loop goes round in between: then it has to be a transaction.
 *
 * @param spans - how many there are, about. (Default: few.)
 * @param extent - of these calls, as `extentOf` gives it
 */
export async function readFacts(
  tx: Queryable,
  calls: readonly CallKey[],
  { maxSpans, spans = 0, extent }: { maxSpans: number; spans?: number; extent: Extent },
): Promise<ReadonlyMap<CallKey, readonly Fact[]>> {
  const spansByCall = new Map<CallKey, SpansOfCall>();
  const take = (page: readonly StoredFact[]) => {
    for (const row of page) {
      const key = keyOf(row);
      const spans = spansByCall.get(key) ?? new SpansOfCall();
      if (!spansByCall.has(key)) spansByCall.set(key, spans);
      spans.add(row);
    }
    return page.length;
  };
  const parameters = [...keyArrays(calls), maxSpans, ...extent.between];
  if (extent.citus) for await (const page of factsOneByOne(tx, calls, { maxSpans, extent })) take(page);
  else if (spans <= PAGE) take(await tx.query(FACTS, parameters));
  else {
    await tx.query(`DECLARE earshot_facts NO SCROLL CURSOR FOR ${FACTS}`, parameters);
    while (take(await tx.query(`FETCH ${PAGE} FROM earshot_facts`)) === PAGE);
    await tx.query('CLOSE earshot_facts');
  }
  return new Map(Array.from(spansByCall, ([key, rows]) => [key, rows.facts()] as const));
}

/** Calls in order of size, as many together as have no more spans than one may have. */
export function groupsOf(sizes: ReadonlyMap<CallKey, number>, maxSpans: number): CallKey[][] {
  const groups: CallKey[][] = [];
  let room = 0;
  for (const [call, spans] of [...sizes].sort(([, a], [, b]) => a - b)) {
    const group = groups.at(-1);
    if (group !== undefined && spans <= room) group.push(call);
    else {
      groups.push([call]);
      room = maxSpans;
    }
    room -= spans;
  }
  return groups;
}
