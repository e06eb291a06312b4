import { billOf } from '../../exporter/calls/bill.ts';
import { groupCall } from '../../exporter/calls/group.ts';
import type { GroupedCall } from '../../exporter/calls/grouped.ts';
import { finalizeCall } from '../../exporter/finalize.ts';
import type { PriceList } from '../../exporter/pricing/index.ts';
import { priceSource } from '../../exporter/pricing/price-source.ts';
import {
  type CallKey,
  type CallLogRow,
  type CallMetricsRow,
  type CallScoreRow,
  type Database,
  getCallFacts,
  getCallLogs,
  getCallMetrics,
  getCallScores,
  partsOf,
  type StoredCallMetrics,
} from '../../exporter/store/index.ts';
import type { Fact } from '../../model/facts.ts';
import { rowJson } from '../../model/row-json.ts';
import { isJudgment } from '../../model/scores.ts';
import type { BillLine, CallAnswer, CallRow, ScoreRow } from '../shared/api.ts';
import { barsOf } from '../shared/waterfall.ts';
import type { PlayableRecording } from './recordings.ts';
import { shifted, turnDetail } from './turn-detail.ts';

/** Spans of one call that the page draws. */
const SHOWN_SPANS = 10_000;

export interface CallRead {
  metrics: CallMetricsRow | StoredCallMetrics;
  logs: CallLogRow[];
  facts: Fact[];
  scores: readonly CallScoreRow[];
  live: boolean;
}

/** A call as its rows say; one that has none yet as its spans come to so far. Undefined: there is no such call. */
export async function readCall(
  db: Database,
  call: CallKey,
  priceList: PriceList,
  callGapMs: number,
): Promise<CallRead | undefined> {
  const { tenant, callId } = partsOf(call);
  const [metrics, logs, facts, scores] = await Promise.all([
    getCallMetrics(db, callId, tenant),
    getCallLogs(db, callId, tenant),
    getCallFacts(db, callId, SHOWN_SPANS, callGapMs, tenant),
    getCallScores(db, callId, tenant),
  ]);
  if (metrics !== undefined) {
    // Its rows may have been written between the two answers.
    const isWhole = logs.length === metrics.turn_count;
    return {
      ...{ metrics, logs: isWhole ? logs : await getCallLogs(db, callId, tenant) },
      ...{ facts, scores, live: false },
    };
  }
  if (facts.every(isJudgment)) return undefined;
  const rows = finalizeCall(facts, priceList);
  return { ...rows, scores: rows.scores ?? [], facts, live: true };
}

/** All that the page shows of a call. */
export function callDetail(
  { metrics, logs, facts, scores, live }: CallRead,
  priceList: PriceList,
  { traceUrl, recordings }: { traceUrl?: string | undefined; recordings: readonly PlayableRecording[] },
): CallAnswer {
  const grouped = facts.length > 0 ? groupCall(facts) : undefined;
  const zeroUs = metrics.started_at;
  const turns = new Map(grouped?.turns.map((turn) => [turn.turnIndex, turn]));
  const inTurns = new Set(grouped?.turns.flatMap(({ stages }) => stages));
  const beside = (grouped?.stages ?? []).filter((stage) => !inTurns.has(stage));
  return {
    call: rowJson(metrics) as CallRow,
    live,
    turns: logs.map((row) => turnDetail(row, turns.get(row.turn_index), zeroUs)),
    beside: barsOf({ stages: beside }).map((bar) => shifted(bar, zeroUs)),
    bill: grouped ? billLines(grouped, priceList) : [],
    bill_list: priceList.name,
    spans: facts.length,
    ...(scores.length > 0 && { scores: scores.map(scoreRow) }),
    ...(traceUrl !== undefined && { trace_url: traceUrl }),
    recordings: recordings.map(({ startUs, format, seconds, hasPeaks }) => ({
      id: String(startUs),
      format,
      start: (startUs - zeroUs) / 1e6,
      seconds,
      has_peaks: hasPeaks,
    })),
  };
}

const scoreRow = ({ tenant: _, call_id: __, ...score }: CallScoreRow): ScoreRow => rowJson(score) as ScoreRow;

const billLines = (call: GroupedCall, priceList: PriceList): BillLine[] =>
  billOf(call, priceList).map(({ cost, ...line }) => {
    const price = line.entry === undefined ? undefined : priceSource(line.entry);
    return { ...line, ...(cost && { cost: cost.toFixed() }), ...(price && { price }) };
  });
