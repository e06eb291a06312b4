import type { Fact } from '../../model/facts.ts';
import type { CallLogRow, CallMetricsRow, CallScoreRow } from '../../model/rows.ts';

/** A call's rows and spans: from the tables, or computed from its spans so far while it goes on. */
export interface OneCall {
  metrics: CallMetricsRow;
  turns: readonly CallLogRow[];
  facts: readonly Fact[];
  scores: readonly CallScoreRow[];
  running: boolean;
}

/** As JSON: `scores` only where there are some. */
export const callJson = ({ metrics, turns, scores, running }: Omit<OneCall, 'facts'>): object => ({
  ...metrics,
  ...(running && { running }),
  ...(scores.length > 0 && { scores: scores.map(({ tenant: _, call_id: __, ...score }) => score) }),
  turns,
});
