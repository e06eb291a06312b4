import type { Fact } from '../model/facts.ts';
import type { CallRows } from '../model/rows.ts';
import { callRow } from './calls/call-row.ts';
import { costsOf } from './calls/cost.ts';
import { groupCall } from './calls/group.ts';
import type { GroupedTurn } from './calls/grouped.ts';
import { logRow } from './calls/log-row.ts';
import { markTurn } from './calls/marks.ts';
import { scoreRows } from './calls/scores.ts';
import { speechOf } from './calls/speech.ts';
import { toldBySpans, withTurnSources } from './calls/turn-sources.ts';
import type { PriceList } from './pricing/price-list.ts';
import { callQuality, type TurnEvidence } from './quality/call-quality.ts';

/**
 * Turns a call's facts into its rows. Pure: the same facts give the same rows, in whatever order and however often
 * they come, so a call can be finalized again at any time (a late span, another price list). Prices are those in
 * force at the call's start.
 *
 * @throws RangeError without facts, or with facts of several calls or tenants.
 */
export function finalizeCall(facts: readonly Fact[], priceList: PriceList): CallRows {
  const { call, costs, turns, speech, clockSkewCount } = computeTurns(facts, priceList);
  const told = toldBySpans(facts);
  const logs =
    told === undefined
      ? turns.map(({ row }) => row)
      : withTurnSources(
          turns,
          told.ofSpans.length === 0 ? [] : computeTurns(told.ofSpans, priceList).turns,
          told.by,
        );
  const quality = callQuality(call.fact, call.turns.map(qualityOf));
  const scores = scoreRows(facts, call);
  return {
    metrics: callRow(call, logs, quality, costs.call, speech, clockSkewCount),
    logs,
    ...(scores.length > 0 && { scores }),
  };
}

/** What of a turn says how well it went: what is known of it counts before what its span says. */
function qualityOf({ fact, turnIndex, words, interrupted }: GroupedTurn): TurnEvidence {
  return {
    turnIndex,
    interrupted: interrupted ?? fact?.interrupted,
    interruptions: fact?.interruptions,
    sentimentScore: words?.sentimentScore ?? fact?.sentimentScore,
    userText: words?.userText ?? fact?.userText,
    agentText: words?.agentText ?? fact?.agentText,
  };
}

/** A call's turns with their rows, and what the row of the call is made of beside them. */
function computeTurns(facts: readonly Fact[], priceList: PriceList) {
  const call = groupCall(facts);
  const costs = costsOf(call, priceList);
  const marked = call.turns.map(markTurn);
  const clockSkewCount = marked.filter(({ skewed }) => skewed === true).length;
  const speech = speechOf(call, clockSkewCount > 0);
  const turns = marked.map((each, index) => ({
    turn: each.turn,
    row: logRow(call, each, costs.turn(each.turn.stages), speech.turns[index]),
  }));
  return { call, costs, turns, speech, clockSkewCount };
}
