import type { Fact } from '../../model/facts.ts';
import type { Queryable } from './database.ts';

/** Spans of one call that its rows are computed from, at most. */
export const MAX_CALL_SPANS = 20_000;

/** Beyond it spans are not even counted. */
const COUNTED = 1_000_000;

const SIZES = `\
SELECT c.call_id, (
  SELECT count(*) FROM (SELECT FROM :schema.call_spans s WHERE s.call_id = c.call_id LIMIT ${COUNTED}) AS counted
)::int AS spans
FROM UNNEST($1::text[]) AS c (call_id)`;

/**
 * SQL: the rows of the call are newer than all its spans, so what they were computed from has left the journal. A late
 * span must not replace them with its own, and no price can be computed again.
 */
const isExpired = (callId: string): string => `\
EXISTS (
  SELECT FROM :schema.call_metrics m
  WHERE m.call_id = ${callId}
    AND m.finalized_at < (SELECT min(s.recorded_at) FROM :schema.call_spans s WHERE s.call_id = m.call_id)
)`;

// The call's own spans first: without them a call has not ended.
const FACTS = `\
SELECT c.call_id, s.facts
FROM UNNEST($1::text[]) AS c (call_id)
CROSS JOIN LATERAL (
  SELECT facts FROM :schema.call_spans s
  WHERE s.call_id = c.call_id
  ORDER BY s.stage <> 'call', s.started_at, s.trace_id, s.span_id
  LIMIT $2
) AS s
WHERE NOT ${isExpired('c.call_id')}`;

/** How many spans the journal has of each call; some calls have none. */
export async function readSizes(
  db: Queryable,
  callIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await db.query<{ call_id: string; spans: number }>(SIZES, [callIds]);
  return new Map(rows.map((row) => [row.call_id, row.spans]));
}

/** Facts that are read at a stretch: a driver parses a long answer without a pause. */
const PAGE = 500;

/**
 * The facts of calls, at most `maxSpans` of each; none of a call whose spans have expired. Where there are many they come
 * in pages, and the event loop goes round in between: then it has to be a transaction.
 *
 * @param spans - how many there are, about. (Default: few.)
 */
export async function readFacts(
  tx: Queryable,
  callIds: readonly string[],
  { maxSpans, spans = 0 }: { maxSpans: number; spans?: number },
): Promise<ReadonlyMap<string, readonly Fact[]>> {
  const factsByCall = new Map<string, Fact[]>();
  const take = (page: readonly { call_id: string; facts: Fact }[]) => {
    for (const { call_id, facts } of page) {
      const known = factsByCall.get(call_id);
      if (known === undefined) factsByCall.set(call_id, [facts]);
      else known.push(facts);
    }
    return page.length;
  };
  if (spans <= PAGE) take(await tx.query(FACTS, [callIds, maxSpans]));
  else {
    await tx.query(`DECLARE earshot_facts NO SCROLL CURSOR FOR ${FACTS}`, [callIds, maxSpans]);
    while (take(await tx.query(`FETCH ${PAGE} FROM earshot_facts`)) === PAGE);
    await tx.query('CLOSE earshot_facts');
  }
  return factsByCall;
}

/** Calls in order of size, as many together as have no more spans than one may have. */
export function groupsOf(sizes: ReadonlyMap<string, number>, maxSpans: number): string[][] {
  const groups: string[][] = [];
  let room = 0;
  for (const [callId, spans] of [...sizes].sort(([, a], [, b]) => a - b)) {
    const group = groups.at(-1);
    if (group !== undefined && spans <= room) group.push(callId);
    else {
      groups.push([callId]);
      room = maxSpans;
    }
    room -= spans;
  }
  return groups;
}
