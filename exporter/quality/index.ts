/** `earshot/quality`: interruptions, outcome and sentiment of calls. Definitions: docs/quality.md. */
export type { Interruption, Micros } from '../../model/facts.ts';
export type { InterruptionKind, Outcome, OutcomeSource } from '../../model/vocabulary.ts';
export {
  type CallSentiment,
  QualityMetricsCollector,
  type QualityMetricsCollectorOptions,
  type QualityTurn,
} from './collector.ts';
export {
  type InterruptionCounts,
  type InterruptionMetrics,
  interruptionMetrics,
} from './interruption-metrics.ts';
export { InterruptionTracker, type InterruptionTrackerOptions } from './interruption-tracker.ts';
export { KEYWORD_RULES, type KeywordRule } from './keyword-rules.ts';
export { type KeywordOptions, KeywordScan, type TranscriptTurn } from './keywords.ts';
export {
  LexiconSentimentAnalyzer,
  type LexiconSentimentOptions,
  NEUTRAL_IN_CALLS,
} from './lexicon-sentiment.ts';
export { type FinalState, OutcomeClassifier } from './outcome.ts';
export {
  averageSentiment,
  NEUTRAL_BELOW,
  type SentimentAnalyzer,
  type SentimentLabel,
  sentimentLabel,
} from './sentiment.ts';
export { judgeInterruptions, type SpeechEvent } from './speech-events.ts';
export type { OutcomeEvidence, OutcomeVerdict } from './verdict.ts';
