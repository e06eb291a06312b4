import { type CallQuality, callRow } from './calls/call-row.ts';
import { costsOf } from './calls/cost.ts';
import { type Call, groupCall } from './calls/group.ts';
import { interruptionsIn, logRow } from './calls/log-row.ts';
import { markTurn } from './calls/marks.ts';
import type { CallLogRow, CallRows } from './calls/rows.ts';
import type { Fact } from './facts.ts';
import type { PriceList } from './pricing/price-list.ts';
import { interruptionColumns, interruptionMetrics } from './quality/interruption-metrics.ts';
import { averageSentiment, sentimentLabel } from './quality/sentiment.ts';

/**
 * Turns a call's facts into its rows. Pure: the same facts give the same rows, in whatever order and however often
 * they come, so a call can be finalised again at any time (a late span, another price list). Prices are those in
 * force at the call's start.
 *
 * @throws RangeError without facts, or with facts of several calls.
 */
export function finaliseCall(facts: readonly Fact[], priceList: PriceList): CallRows {
  const call = groupCall(facts);
  const costs = costsOf(call, priceList);
  const logs = call.turns.map((turn) => logRow(call.callId, markTurn(turn), costs.turn(turn.stages)));
  return { metrics: callRow(call, logs, qualityOf(call, logs), costs.call), logs };
}

function qualityOf(call: Call, logs: readonly CallLogRow[]): CallQuality {
  const { outcome, outcomeConfidence, outcomeSource } = call.fact ?? {};
  const sentiment = averageSentiment(logs.map(({ sentiment_score }) => sentiment_score));
  return {
    ...interruptionColumns(interruptionMetrics(call.turns.map(interruptionsIn))),
    outcome: outcome ?? null,
    outcome_confidence: outcome === undefined ? null : (outcomeConfidence ?? null),
    outcome_source: outcome === undefined ? null : (outcomeSource ?? 'explicit'),
    sentiment_avg: sentiment ?? null,
    sentiment_label: sentimentLabel(sentiment) ?? null,
  };
}
