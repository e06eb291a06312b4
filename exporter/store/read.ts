import type { Fact } from '../../model/facts.ts';
import type { CallLogRow, StoredCallMetrics } from '../../model/rows.ts';
import { DEFAULT_TENANT } from '../../model/tenant.ts';
import { MAX_CALL_SPANS } from './call-facts.ts';
import { callKey } from './call-key.ts';
import { CALL_LOGS, STORED_METRICS } from './columns.ts';
import type { Queryable } from './database.ts';
import { extentOf, isWithin } from './extents.ts';
import { type CallFilter, callCondition } from './filter.ts';
import { RESTING } from './queue-statements.ts';
import { DEFAULT_CALL_GAP_MS, factsOfCall } from './split.ts';
import { SpansOfCall, STORED, type StoredFact } from './stored-facts.ts';
import { decodeRow, selectList } from './values.ts';

const METRICS = `SELECT ${selectList(STORED_METRICS)} FROM :schema.call_metrics WHERE tenant = $2 AND call_id = $1`;
const LOGS = `SELECT ${selectList(CALL_LOGS)} FROM :schema.call_logs l WHERE l.tenant = $2 AND l.call_id = $1 ORDER BY l.turn_index`;
const FACTS = `\
SELECT ${STORED} FROM :schema.call_spans s WHERE s.tenant = $3 AND s.call_id = $1 AND ${isWithin('s', 4)}
ORDER BY started_at, trace_id, span_id, ended_at LIMIT $2`;

/** The row of one call, or undefined when it has none (yet). (Default: a call of the default tenant.) */
export async function getCallMetrics(
  db: Queryable,
  callId: string,
  tenant: string = DEFAULT_TENANT,
): Promise<StoredCallMetrics | undefined> {
  const [row] = await db.query(METRICS, [callId, tenant]);
  return row === undefined ? undefined : decodeRow<StoredCallMetrics>(STORED_METRICS, row);
}

/** The turns of one call, ordered by `turn_index`. (Default: a call of the default tenant.) */
export async function getCallLogs(
  db: Queryable,
  callId: string,
  tenant: string = DEFAULT_TENANT,
): Promise<CallLogRow[]> {
  return (await db.query(LOGS, [callId, tenant])).map((row) => decodeRow<CallLogRow>(CALL_LOGS, row));
}

/** The facts of all calls that came under an id, by start: the first `limit`. (Default: 20 000.) */
export async function getJournalFacts(
  db: Queryable,
  callId: string,
  limit: number = MAX_CALL_SPANS,
  tenant: string = DEFAULT_TENANT,
): Promise<Fact[]> {
  const extent = await extentOf(db, [callKey(callId, tenant)]);
  const rows = await db.query<StoredFact>(FACTS, [callId, limit, tenant, ...extent.between]);
  const spans = new SpansOfCall();
  for (const row of rows) spans.add(row);
  return spans.facts();
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
  tenant: string = DEFAULT_TENANT,
): Promise<Fact[]> {
  return factsOfCall(callId, callGapMs * 1e3, (id) => getJournalFacts(db, id, limit, tenant));
}

/** A call that could not be turned into rows and is not tried again until a new span of it arrives. */
export interface RestingCall {
  tenant: string;
  call_id: string;
  /** Class or code of the last failure. */
  last_error: string;
}

/** Calls at rest, the latest first. (Default: of all tenants.) */
export const listRestingCalls = (
  db: Queryable,
  limit = 20,
  tenants?: readonly string[],
): Promise<RestingCall[]> => db.query<RestingCall>(RESTING, [limit, tenants ?? null]);

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
ORDER BY m.started_at DESC, m.tenant, m.call_id
LIMIT $1`;
  const rows = await db.query(statement, [limit, ...params]);
  return rows.map((row) => decodeRow<StoredCallMetrics>(STORED_METRICS, row));
}
