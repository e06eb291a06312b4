import type { Fact } from '../model/facts.ts';
import type { CallRows } from '../model/rows.ts';
import { callRow } from './calls/call-row.ts';
import { costsOf } from './calls/cost.ts';
import { groupCall } from './calls/group.ts';
import { interruptionsIn, logRow } from './calls/log-row.ts';
import { markTurn } from './calls/marks.ts';
import { scoreRows } from './calls/scores.ts';
import { speechOf } from './calls/speech.ts';
import type { PriceList } from './pricing/price-list.ts';
import { callQuality } from './quality/call-quality.ts';

/**
 * Turns a call's facts into its rows. Pure: the same facts give the same rows, in whatever order and however often
 * they come, so a call can be finalized again at any time (a late span, another price list). Prices are those in
 * force at the call's start.
 *
 * @throws RangeError without facts, or with facts of several calls or tenants.
 */
export function finalizeCall(facts: readonly Fact[], priceList: PriceList): CallRows {
  const call = groupCall(facts);
  const costs = costsOf(call, priceList);
  const marked = call.turns.map(markTurn);
  const clockSkewCount = marked.filter(({ skewed }) => skewed === true).length;
  const speech = speechOf(call, clockSkewCount > 0);
  const logs = marked.map((turn, index) =>
    logRow(call, turn, costs.turn(turn.turn.stages), speech.turns[index]),
  );
  const quality = callQuality(
    call.fact,
    call.turns.map((turn) => ({
      ...turn.fact,
      turnIndex: turn.turnIndex,
      ...turn.words,
      ...interruptionsIn(turn),
    })),
  );
  const scores = scoreRows(facts, call);
  return {
    metrics: callRow(call, logs, quality, costs.call, speech, clockSkewCount),
    logs,
    ...(scores.length > 0 && { scores }),
  };
}
