import {
  type CallFile,
  computedAgain,
  RememberedPrices,
  withoutWords,
} from '../../exporter/call-file/index.ts';
import { finalizeCall } from '../../exporter/finalize.ts';
import type { PriceList } from '../../exporter/pricing/index.ts';
import {
  type CallKey,
  type Database,
  factsOfRows,
  getCallLogs,
  getCallMetrics,
  getCallScores,
  partsOf,
} from '../../exporter/store/index.ts';
import { VERSION } from '../../model/version.ts';

/** A call as it is saved. */
export interface SavedCall {
  readonly file: Omit<CallFile, 'sounds'>;
  /** Columns whose values in the database are not what the spans come to now. */
  readonly differences: readonly string[];
}

export interface SaveOptions {
  readonly priceList: PriceList;
  readonly maxCallSpans: number;
  readonly callGapMs: number;
  /** Also what was said. */
  readonly content: boolean;
}

/** Reads a finished call with all that its rows come from. Undefined: there is none. */
export async function savedCall(
  db: Database,
  key: CallKey,
  { priceList, maxCallSpans, callGapMs, content }: SaveOptions,
): Promise<SavedCall | undefined> {
  const { tenant, callId } = partsOf(key);
  // In one transaction: a late span in between would give rows that are not of these spans.
  const { metrics, logs, scores, facts } = await db.transaction(async (tx) => {
    await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    return {
      metrics: await getCallMetrics(tx, callId, tenant),
      logs: await getCallLogs(tx, callId, tenant),
      scores: await getCallScores(tx, callId, tenant),
      facts: (await factsOfRows(tx, key, { maxCallSpans, callGapMs })).facts,
    };
  });
  if (metrics === undefined) return undefined;
  const prices = new RememberedPrices(priceList);
  if (facts.length > 0) finalizeCall(facts, prices);
  const file = {
    writtenBy: VERSION,
    savedAtUs: Date.now() * 1_000,
    content,
    priceList: prices.name,
    prices: prices.used,
    metrics,
    scores,
    turns: content ? logs : logs.map((turn) => ({ ...turn, user_text: null, agent_text: null })),
    facts: content ? facts : facts.map(withoutWords),
  };
  return { file, differences: computedAgain({ ...file, sounds: [] })?.differences ?? [] };
}
