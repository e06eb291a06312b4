import type { CallRows } from '../../model/rows.ts';
import { type CallKey, type CallName, callKey, keyArrays, keyOf, partsOf } from './call-key.ts';
import { CALL_LOGS, CALL_METRICS, type Columns } from './columns.ts';
import type { Queryable } from './database.ts';
import { ANY_TIME, type Extent, isWithin } from './extents.ts';
import { writeScores } from './scores.ts';
import { endsOneByOne } from './sharded-journal.ts';
import { numberedId } from './split.ts';
import { columnArrays, columnList, unnest } from './values.ts';

const replaceAll = (columns: Columns, ...key: string[]) =>
  Object.keys(columns)
    .filter((name) => !key.includes(name))
    .map((name) => `${name} = excluded.${name}`)
    .join(', ');

const qualifiedList = (columns: Columns, table: string) =>
  Object.keys(columns)
    .map((name) => `${table}.${name}`)
    .join(', ');

function numberedKey(call: CallKey, number: number): CallKey {
  const { tenant, callId } = partsOf(call);
  return callKey(numberedId(callId, number), tenant);
}

/** What the statement adds to the row. */
const WRITTEN = {
  finalized_at: 'timestamptz',
  finalized_by: 'text',
  spans_from: 'timestamptz',
  spans_until: 'timestamptz',
  spans_ended: 'boolean',
  spans_at: 'timestamptz',
} as const satisfies Columns;

const METRICS_COUNT = Object.keys(CALL_METRICS).length;

// `finalized_at` is the clock's time and not the transaction's: it must be later than every span that was read. Those may
// be of another clock, before a fail-over.
// A row that was inserted, not updated, has no `xmax`.
//
// Of the second call of an id the journal has no spans under the id that its row has: `spans_at` says that nothing is known.
const upsertMetrics = (spans: string): string => `\
INSERT INTO :schema.call_metrics (${columnList(CALL_METRICS)}, ${columnList(WRITTEN)})
SELECT c.*, now.at, $${METRICS_COUNT + 1}::text,
  s.first_at, s.last_at, s.ended, CASE WHEN s.first_at IS NOT NULL THEN now.at END
FROM (${unnest(CALL_METRICS)}) AS c
${spans}
CROSS JOIN LATERAL (SELECT greatest(clock_timestamp(), s.recorded_at) AS at OFFSET 0) AS now
ON CONFLICT ON CONSTRAINT call_metrics_pkey DO UPDATE SET
  ${replaceAll({ ...CALL_METRICS, ...WRITTEN }, 'tenant', 'call_id')}
RETURNING tenant, call_id, xmax = 0 AS first`;

const UPSERT_METRICS = upsertMetrics(`\
CROSS JOIN LATERAL (
  SELECT max(s.recorded_at) AS recorded_at, min(s.ended_at) AS first_at, max(s.ended_at) AS last_at,
    bool_or(s.stage = 'call') AS ended
  FROM :schema.call_spans s
  WHERE s.tenant = c.tenant AND s.call_id = c.call_id AND ${isWithin('s', METRICS_COUNT + 2)}
) AS s`);

// What is said of the spans comes as parameters, read before: such a database cannot write rows here from spans elsewhere.
const UPSERT_METRICS_WITH_ENDS = upsertMetrics(`\
JOIN UNNEST(${['text', 'text', 'timestamptz', 'timestamptz', 'timestamptz', 'boolean']
  .map((type, index) => `$${METRICS_COUNT + 2 + index}::${type}[]`)
  .join(', ')}) AS s (tenant, call_id, recorded_at, first_at, last_at, ended)
  ON s.tenant = c.tenant AND s.call_id = c.call_id`);

// A late span changes few of a call's turns: those that stay as they are are not written again.
const UPSERT_LOGS = `\
INSERT INTO :schema.call_logs AS l (${columnList(CALL_LOGS)})
${unnest(CALL_LOGS)}
ON CONFLICT ON CONSTRAINT call_logs_pkey DO UPDATE SET ${replaceAll(CALL_LOGS, 'tenant', 'call_id', 'turn_index')}
WHERE (${qualifiedList(CALL_LOGS, 'l')}) IS DISTINCT FROM (${qualifiedList(CALL_LOGS, 'excluded')})`;

/** Turns that one statement writes: more would hold the event loop while they are encoded. */
const SLICE = 100;

// With the scores that their spans said before, which are written again.
const DELETE_GONE_LOGS = `\
WITH scores AS (
  DELETE FROM :schema.call_scores s
  USING UNNEST($1::text[], $2::text[]) AS c (tenant, call_id)
  WHERE s.tenant = c.tenant AND s.call_id = c.call_id AND s.source = 'span'
)
DELETE FROM :schema.call_logs l
USING UNNEST($1::text[], $2::text[]) AS c (tenant, call_id)
WHERE l.tenant = c.tenant AND l.call_id = c.call_id
  AND NOT EXISTS (
    SELECT FROM UNNEST($1, $2, $3::text[]) AS d (tenant, call_id, turn_indexes)
    CROSS JOIN LATERAL UNNEST(string_to_array(d.turn_indexes, ',')::integer[]) AS k (turn_index)
    WHERE d.tenant = l.tenant AND d.call_id = l.call_id AND k.turn_index = l.turn_index
  )`;

/**
 * Writes calls' rows over what was there: afterwards `call_metrics` and `call_logs` hold these rows of these calls and no
 * others. For use in a transaction; each call at most once.
 * @param extent - of the calls that their spans are read for, as `extentOf` gives it. (Default: any time.)
 * @returns the calls that had no row before.
 */
export async function writeCallRows(
  tx: Queryable,
  calls: readonly CallRows[],
  finalizedBy: string,
  extent: Extent = ANY_TIME,
): Promise<ReadonlySet<CallKey>> {
  if (calls.length === 0) return new Set();
  const metrics = calls.map((call) => call.metrics);
  const logs = calls.flatMap((call) => call.logs);
  const values = [...columnArrays(CALL_METRICS, metrics), finalizedBy];
  const written = await (extent.citus
    ? tx.query<CallName & { first: boolean }>(UPSERT_METRICS_WITH_ENDS, [
        ...values,
        ...(await endsOneByOne(tx, metrics.map(keyOf), extent)),
      ])
    : tx.query<CallName & { first: boolean }>(UPSERT_METRICS, [...values, ...extent.between]));
  await tx.query(DELETE_GONE_LOGS, [
    ...keyArrays(metrics.map(keyOf)),
    // One text a call: the driver takes an array apart, value by value.
    calls.map((call) => call.logs.map((row) => row.turn_index).join()),
  ]);
  for (let start = 0; start < logs.length; start += SLICE) {
    await tx.query(UPSERT_LOGS, columnArrays(CALL_LOGS, logs.slice(start, start + SLICE)));
  }
  await writeScores(
    tx,
    calls.flatMap(({ scores = [] }) => scores),
  );
  return new Set(written.filter((row) => row.first).map(keyOf));
}

const DELETE_CALLS = `\
WITH gone AS (
  DELETE FROM :schema.call_metrics m
  USING UNNEST($1::text[], $2::text[]) AS c (tenant, call_id)
  WHERE m.tenant = c.tenant AND m.call_id = c.call_id
  RETURNING m.tenant, m.call_id
), logs AS (
  DELETE FROM :schema.call_logs WHERE (tenant, call_id) IN (SELECT tenant, call_id FROM gone)
)
SELECT tenant, call_id FROM gone`;

/**
 * Removes the rows of calls that are none any more, because a late span joined them to the call before: of each id, those
 * beyond so many. Their numbers have no gaps.
 */
export async function deleteCallsBeyond(tx: Queryable, counts: ReadonlyMap<CallKey, number>): Promise<void> {
  let beyond = new Map([...counts].map(([call, count]) => [call, count + 1]));
  while (beyond.size > 0) {
    const calls = new Map([...beyond].map(([call, number]) => [numberedKey(call, number), call]));
    const gone = await tx.query<CallName>(DELETE_CALLS, keyArrays([...calls.keys()]));
    beyond = new Map(
      gone.flatMap((row) => {
        const call = calls.get(keyOf(row));
        return call === undefined ? [] : [[call, (beyond.get(call) ?? 0) + 1] as const];
      }),
    );
  }
}
