import type { CallFact, TurnFact } from '../../model/facts.ts';
import type { CallMetricsRow } from '../../model/rows.ts';
import { interruptionColumns, interruptionMetrics } from './interruption-metrics.ts';
import type { TranscriptTurn } from './keywords.ts';
import { OutcomeClassifier } from './outcome.ts';
import { averageSentiment, sentimentLabel } from './sentiment.ts';

type QualityColumns = Pick<
  CallMetricsRow,
  | 'interruption_count'
  | 'interruption_rate'
  | 'false_interruption_count'
  | 'outcome'
  | 'outcome_confidence'
  | 'outcome_source'
  | 'sentiment_avg'
  | 'sentiment_label'
>;

/** What of a turn says how well it went. A `TurnFact` is one; of a turn whose span was lost less is known. */
export type TurnEvidence = Pick<TurnFact, 'turnIndex'> & {
  readonly [Name in 'interrupted' | 'interruptions' | 'sentimentScore' | 'userText' | 'agentText']?:
    | TurnFact[Name]
    | undefined;
};

const BUILT_IN = new OutcomeClassifier();

/**
 * The quality columns of `call_metrics` from a call's facts.
 *
 * Scores and keyword verdicts come from the agent's process, where the text was; text that was recorded is read for
 * keywords only where the call has no verdict of its own.
 *
 * @param turnCount Turns of the call. (Default: the number of `turns`.)
 */
export function callQuality(
  call: CallFact | undefined,
  turns: readonly TurnEvidence[],
  turnCount: number = turns.length,
  classifier: OutcomeClassifier = BUILT_IN,
): QualityColumns {
  const verdict = classifier.classify({ state: call ?? {}, transcript: transcriptOf(turns) });
  const average = averageSentiment(turns.map(({ sentimentScore }) => sentimentScore));
  return {
    ...interruptionColumns(interruptionMetrics(turns, turnCount)),
    outcome: verdict?.outcome ?? null,
    outcome_confidence: verdict?.confidence ?? null,
    outcome_source: verdict?.source ?? null,
    sentiment_avg: average ?? null,
    sentiment_label: sentimentLabel(average) ?? null,
  };
}

function transcriptOf(turns: readonly TurnEvidence[]): TranscriptTurn[] {
  return turns
    .toSorted((a, b) => a.turnIndex - b.turnIndex)
    .flatMap(({ userText, agentText }) => [
      ...(userText ? [{ role: 'user' as const, text: userText }] : []),
      ...(agentText ? [{ role: 'agent' as const, text: agentText }] : []),
    ]);
}
