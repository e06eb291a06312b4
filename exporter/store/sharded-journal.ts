import { type CallKey, type CallName, keyArrays, keyOf, partsOf } from './call-key.ts';
import type { Queryable } from './database.ts';
import { type Extent, isWithin } from './extents.ts';
import { STORED, type StoredFact } from './stored-facts.ts';

/**
 * The journal in the shards of a Citus cluster, by call; rows, rollups and the queue are on the coordinator. What is read of it
 * is read call by call: a statement that names one call goes to the one shard that has it, whatever else is in it. No
 * statement joins the journal with what is on the coordinator.
 */

/** Beyond it the spans of a call are not even counted. */
export const MOST_COUNTED = 1_000_000;

/** SQL: the order in which the spans `s` of a call are read. Its own first: without them a call has not ended. */
export const FIRST_TO_LAST = "s.stage <> 'call', s.started_at, s.trace_id, s.span_id, s.ended_at";

/** Spans of the call whose tenant is $1 and whose id is $2, that ended between $3 and $4. */
const OF_CALL = `:schema.call_spans s WHERE s.tenant = $1 AND s.call_id = $2 AND ${isWithin('s', 3)}`;

const COUNT = `\
SELECT count(*)::int AS spans FROM (SELECT DISTINCT s.trace_id, s.span_id FROM ${OF_CALL} LIMIT ${MOST_COUNTED}) AS counted`;
const FACTS = `SELECT ${STORED} FROM ${OF_CALL} ORDER BY ${FIRST_TO_LAST} LIMIT $5`;
const ENDS = `\
SELECT max(s.recorded_at)::text AS recorded_at, min(s.recorded_at)::text AS first_recorded_at,
  min(s.ended_at)::text AS first_at, max(s.ended_at)::text AS last_at, bool_or(s.stage = 'call') AS ended
FROM ${OF_CALL}`;

/** Of these calls, those whose spans have expired: as IS_EXPIRED in `call-facts.ts` has it. */
const EXPIRED = `\
SELECT m.tenant, m.call_id
FROM UNNEST($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[]) AS first (tenant, call_id, recorded_at, ended_at)
JOIN :schema.call_metrics m ON m.tenant = first.tenant AND m.call_id = first.call_id
WHERE m.finalized_at < first.recorded_at OR (m.spans_at = m.finalized_at AND m.spans_from < first.ended_at)`;

interface Ends {
  readonly recorded_at: string | null;
  readonly first_recorded_at: string | null;
  readonly first_at: string | null;
  readonly last_at: string | null;
  readonly ended: boolean | null;
}

const parametersOf = (call: CallKey, { between }: Extent): string[] => {
  const { tenant, callId } = partsOf(call);
  return [tenant, callId, ...between];
};

/** How many spans the journal has of each call. */
export async function countOneByOne(
  db: Queryable,
  calls: readonly CallKey[],
  extent: Extent,
): Promise<ReadonlyMap<CallKey, number>> {
  const sizes = new Map<CallKey, number>();
  for (const call of calls) {
    const [row] = await db.query<{ spans: number }>(COUNT, parametersOf(call, extent));
    sizes.set(call, row?.spans ?? 0);
  }
  return sizes;
}

async function endsOf(db: Queryable, calls: readonly CallKey[], extent: Extent): Promise<Ends[]> {
  const ends: Ends[] = [];
  for (const call of calls) ends.push(...(await db.query<Ends>(ENDS, parametersOf(call, extent))));
  return ends;
}

/** What the row of each call says of the spans that it was computed from, as arrays: keys, and the columns of ENDS. */
export async function endsOneByOne(
  db: Queryable,
  calls: readonly CallKey[],
  extent: Extent,
): Promise<unknown[][]> {
  const ends = await endsOf(db, calls, extent);
  return [
    ...keyArrays(calls),
    ends.map((each) => each.recorded_at),
    ends.map((each) => each.first_at),
    ends.map((each) => each.last_at),
    ends.map((each) => each.ended),
  ];
}

/** The facts of each call in turn, at most `maxSpans`; none of a call whose spans have expired. */
export async function* factsOneByOne(
  db: Queryable,
  calls: readonly CallKey[],
  { maxSpans, extent }: { maxSpans: number; extent: Extent },
): AsyncGenerator<readonly StoredFact[]> {
  const ends = await endsOf(db, calls, extent);
  const expired = new Set(
    (
      await db.query<CallName>(EXPIRED, [
        ...keyArrays(calls),
        ends.map((each) => each.first_recorded_at),
        ends.map((each) => each.first_at),
      ])
    ).map(keyOf),
  );
  for (const call of calls) {
    if (!expired.has(call))
      yield await db.query<StoredFact>(FACTS, [...parametersOf(call, extent), maxSpans]);
  }
}
