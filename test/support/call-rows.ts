import { CALL_LOGS, CALL_METRICS, type Columns } from '../../exporter/store/columns.ts';
import type { CallFact, Fact, TurnFact } from '../../model/facts.ts';
import type { CallLogRow, CallMetricsRow, CallRows } from '../../model/rows.ts';
import { DEFAULT_TENANT, tenantOf } from '../../model/tenant.ts';

/** 2026-01-01T00:00:00.000001Z */
export const REFERENCE_US = 1_767_225_600_000_001;

const SECOND_US = 1_000_000;
let spans = 0;
const spanId = () => (++spans).toString(16).padStart(16, '0');

/** A call of one minute, its span as a fact. */
export function callFact(callId: string, overrides: Partial<CallFact> = {}): CallFact {
  return {
    type: 'call',
    traceId: `trace-${callId}`,
    spanId: spanId(),
    callId,
    name: 'voice.call',
    startUs: REFERENCE_US,
    endUs: REFERENCE_US + 60 * SECOND_US,
    direction: 'inbound',
    ...overrides,
  };
}

/** A turn of two seconds; the one of index n begins 5n seconds into the call. */
export function turnFact(callId: string, turnIndex: number, overrides: Partial<TurnFact> = {}): TurnFact {
  const startUs = REFERENCE_US + turnIndex * 5 * SECOND_US;
  return {
    type: 'turn',
    traceId: `trace-${callId}-${turnIndex}`,
    spanId: spanId(),
    callId,
    turnIndex,
    name: 'voice.turn',
    startUs,
    endUs: startUs + 2 * SECOND_US,
    ...overrides,
  };
}

const nulls = (columns: Columns) => Object.fromEntries(Object.keys(columns).map((name) => [name, null]));
const EMPTY = {
  log: nulls(CALL_LOGS) as unknown as CallLogRow,
  metrics: nulls(CALL_METRICS) as unknown as CallMetricsRow,
};

/** A turn's row with what it must have and nothing else. */
export function logRow(callId: string, turnIndex: number, overrides: Partial<CallLogRow> = {}): CallLogRow {
  return {
    ...EMPTY.log,
    tenant: DEFAULT_TENANT,
    call_id: callId,
    turn_index: turnIndex,
    created_at: REFERENCE_US,
    trace_id: `trace-${callId}-${turnIndex}`,
    interrupted: false,
    ...overrides,
  };
}

/** A call's row with what it must have and nothing else. */
export function metricsRow(callId: string, overrides: Partial<CallMetricsRow> = {}): CallMetricsRow {
  return {
    ...EMPTY.metrics,
    tenant: DEFAULT_TENANT,
    call_id: callId,
    started_at: REFERENCE_US,
    ended_at: REFERENCE_US + 60 * SECOND_US,
    duration_seconds: 60,
    turn_count: 0,
    interruption_count: 0,
    false_interruption_count: 0,
    unpriced: [],
    price_list: 'test',
    ...overrides,
  };
}

/** Counts turns, for tests of the store in which the rows' numbers are not the point. */
export function countTurns(facts: readonly Fact[]): CallRows {
  const turns = facts.filter((fact) => fact.type === 'turn');
  const callId = facts[0]?.callId ?? '';
  const tenant = tenantOf(facts[0] ?? {});
  return {
    metrics: metricsRow(callId, { tenant, turn_count: turns.length }),
    logs: turns.map((turn) => logRow(callId, turn.turnIndex, { tenant, created_at: turn.startUs })),
  };
}
