import type { Fact } from '../../model/facts.ts';
import type { CallLogRow, StoredCallMetrics } from '../../model/rows.ts';
import { MAX_CALL_SPANS } from './call-facts.ts';
import { CALL_LOGS, STORED_METRICS } from './columns.ts';
import type { Queryable } from './database.ts';
import { type CallFilter, callCondition } from './filter.ts';
import { RESTING } from './queue-statements.ts';
import { DEFAULT_CALL_GAP_MS, factsOfCall } from './split.ts';
import { decodeRow, selectList } from './values.ts';

const METRICS = `SELECT ${selectList(STORED_METRICS)} FROM :schema.call_metrics WHERE call_id = $1`;
const LOGS = `SELECT ${selectList(CALL_LOGS)} FROM :schema.call_logs l WHERE l.call_id = $1 ORDER BY l.turn_index`;
const FACTS = `SELECT facts FROM :schema.call_spans WHERE call_id = $1 ORDER BY started_at, trace_id, span_id LIMIT $2`;

/** The row of one call, or undefined when it has none (yet). */
export async function getCallMetrics(db: Queryable, callId: string): Promise<StoredCallMetrics | undefined> {
  const [row] = await db.query(METRICS, [callId]);
  return row === undefined ? undefined : decodeRow<StoredCallMetrics>(STORED_METRICS, row);
}

/** The turns of one call, ordered by `turn_index`. */
export async function getCallLogs(db: Queryable, callId: string): Promise<CallLogRow[]> {
  return (await db.query(LOGS, [callId])).map((row) => decodeRow<CallLogRow>(CALL_LOGS, row));
}

/** The facts of all calls that came under an id, by start: the first `limit`. (Default: 20 000.) */
export async function getJournalFacts(
  db: Queryable,
  callId: string,
  limit: number = MAX_CALL_SPANS,
): Promise<Fact[]> {
  return (await db.query<{ facts: Fact }>(FACTS, [callId, limit])).map((row) => row.facts);
}

/**
 * A call's facts from the journal, by start. Of an id that is used again after `callGapMs` without an open span, those of
 * the first call; `id#2` has those of the second. (Default: one hour.)
 */
export async function getCallFacts(
  db: Queryable,
  callId: string,
  limit: number = MAX_CALL_SPANS,
  callGapMs: number = DEFAULT_CALL_GAP_MS,
): Promise<Fact[]> {
  return factsOfCall(callId, callGapMs * 1e3, (id) => getJournalFacts(db, id, limit));
}

/** A call that could not be turned into rows and is not tried again until a new span of it arrives. */
export interface RestingCall {
  call_id: string;
  /** Class or code of the last failure. */
  last_error: string;
}

/** Calls at rest, the latest first. */
export const listRestingCalls = (db: Queryable, limit = 20): Promise<RestingCall[]> =>
  db.query<RestingCall>(RESTING, [limit]);

export interface ListCallsOptions extends CallFilter {
  /** Calls at most. (Default: 50.) */
  limit?: number;
}

/** Calls, the latest start first. */
export async function listCalls(
  db: Queryable,
  { limit = 50, ...filter }: ListCallsOptions = {},
): Promise<StoredCallMetrics[]> {
  const { sql, params } = callCondition(filter, 2);
  // Qualified in ORDER BY: a bare name would be the output column, and the index would not serve.
  const statement = `\
SELECT ${selectList(STORED_METRICS)} FROM :schema.call_metrics m
WHERE ${sql}
ORDER BY m.started_at DESC, m.call_id
LIMIT $1`;
  const rows = await db.query(statement, [limit, ...params]);
  return rows.map((row) => decodeRow<StoredCallMetrics>(STORED_METRICS, row));
}
