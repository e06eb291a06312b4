import type { CallLogRow, StoredCallMetrics } from '../../../model/rows.ts';
import { type CallKey, isGiven, keyArrays, keyOf } from '../call-key.ts';
import { CALL_LOGS, type Columns, STORED_METRICS } from '../columns.ts';
import type { Queryable } from '../database.ts';
import { CALL_SORTS, type CallSort } from '../select-calls.ts';
import { decodeRow, selectList } from '../values.ts';
import { type CallSelection, conditionsOf, Parameters } from './selection.ts';

/** Where a page ends: the order's value of its last call as text, and what names the call. */
export interface CallPosition {
  value: string | null;
  tenant: string;
  callId: string;
}

export interface CallPage {
  calls: StoredCallMetrics[];
  /** Absent: these are the last. */
  next?: CallPosition;
}

/** Orders other than by time look at so many of the newest calls of the selection. */
const ORDERED_CALLS = 50_000;

/** One page of the calls of a selection, from after a position on. */
export async function listCallPage(
  db: Queryable,
  selection: CallSelection,
  { order = 'started', limit, after }: { order?: CallSort; limit: number; after?: CallPosition | undefined },
): Promise<CallPage> {
  const parameters = new Parameters();
  const conditions = conditionsOf(selection, parameters);
  const column = CALL_SORTS[order];
  const type = STORED_METRICS[column];
  const value = `m.${column}`;
  // One row more says whether there is another page.
  const most = parameters.add(limit + 1, 'integer');
  const from =
    order === 'started'
      ? `:schema.call_metrics m WHERE ${conditions}`
      : `(SELECT * FROM :schema.call_metrics m WHERE ${conditions} ORDER BY m.started_at DESC LIMIT ${ORDERED_CALLS}) m WHERE true`;
  const later =
    after &&
    (order === 'started' ? startedBefore(after, parameters) : laterThan(value, type, after, parameters));
  const rows = await db.query<Record<string, unknown> & { position: string | null }>(
    `SELECT ${selectList(STORED_METRICS)}, ${value}::text AS position FROM ${from}
${later === undefined ? '' : `  AND ${later}`}
ORDER BY ${value} DESC${order === 'started' ? '' : ' NULLS LAST'}, m.call_id, m.tenant
LIMIT ${most}`,
    parameters.values,
  );
  const calls = rows.slice(0, limit).map((row) => decodeRow<StoredCallMetrics>(STORED_METRICS, row));
  const last = rows[limit - 1];
  const lastCall = calls[limit - 1];
  const isMore = rows.length > limit && last !== undefined && lastCall !== undefined;
  if (!isMore) return { calls };
  return { calls, next: { value: last.position, tenant: lastCall.tenant, callId: lastCall.call_id } };
}

/** SQL: the call `m` began before the last call of a page, or then and comes after it. */
export function startedBefore({ value, ...call }: CallPosition, parameters: Parameters): string {
  const at = `${parameters.add(value)}::timestamptz`;
  // What the index begins at stands alone.
  return `m.started_at <= ${at} AND (m.started_at < ${at} OR ${namedAfter(call, parameters)})`;
}

function laterThan(
  value: string,
  type: string,
  { value: at, ...call }: CallPosition,
  parameters: Parameters,
): string {
  const isLater = namedAfter(call, parameters);
  if (at === null) return `${value} IS NULL AND ${isLater}`;
  const place = parameters.add(at);
  const same = `(${value} = ${place}::${type} AND ${isLater})`;
  return `(${value} < ${place}::${type} OR ${value} IS NULL OR ${same})`;
}

const namedAfter = ({ tenant, callId }: Omit<CallPosition, 'value'>, parameters: Parameters): string =>
  `(m.call_id, m.tenant) > (${parameters.add(callId)}, ${parameters.add(tenant)})`;

/** What a list of calls shows of their turns. */
const TURN_COLUMNS = {
  tenant: CALL_LOGS.tenant,
  call_id: CALL_LOGS.call_id,
  turn_index: CALL_LOGS.turn_index,
  initiator: CALL_LOGS.initiator,
  eou_latency: CALL_LOGS.eou_latency,
  segment_endpointing: CALL_LOGS.segment_endpointing,
  segment_preparation: CALL_LOGS.segment_preparation,
  segment_tools: CALL_LOGS.segment_tools,
  segment_llm: CALL_LOGS.segment_llm,
  segment_aggregation: CALL_LOGS.segment_aggregation,
  segment_tts: CALL_LOGS.segment_tts,
  segment_playout: CALL_LOGS.segment_playout,
  interruption_kind: CALL_LOGS.interruption_kind,
  error_type: CALL_LOGS.error_type,
} as const satisfies Columns;

export type ListedTurn = Pick<CallLogRow, keyof typeof TURN_COLUMNS>;

const TURNS = `\
SELECT ${selectList(TURN_COLUMNS)} FROM :schema.call_logs l
WHERE ${isGiven('l')} AND l.turn_index < $3
ORDER BY l.turn_index`;

/** The first turns of calls, by call. */
export async function listTurns(
  db: Queryable,
  calls: readonly CallKey[],
  turnsEach = 40,
): Promise<Map<CallKey, ListedTurn[]>> {
  const turns = new Map<CallKey, ListedTurn[]>(calls.map((call) => [call, []]));
  if (calls.length === 0) return turns;
  for (const row of await db.query(TURNS, [...keyArrays(calls), turnsEach])) {
    const turn = decodeRow<ListedTurn>(TURN_COLUMNS, row);
    turns.get(keyOf(turn))?.push(turn);
  }
  return turns;
}
