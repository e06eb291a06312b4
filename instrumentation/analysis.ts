import { diag } from '@opentelemetry/api';
import type { Outcome, OutcomeSource } from '../exporter/facts.ts';

/** Words are judged in the process that heard them, so that only the verdict leaves it. */
export interface Analysis {
  sentiment(text: string): number | undefined;
  outcome(
    state: { outcome?: Outcome; sipStatusCode?: number; amdResult?: string; endReason?: string },
    transcript: readonly { role: 'user' | 'agent'; text: string }[],
  ): { outcome: Outcome; confidence: number; source: OutcomeSource } | undefined;
}

let loading: Promise<Analysis | undefined> | undefined;

async function load(): Promise<Analysis> {
  const [{ LexiconSentimentAnalyzer }, { OutcomeClassifier }] = await Promise.all([
    import('../exporter/quality/lexicon-sentiment.ts'),
    import('../exporter/quality/outcome.ts'),
  ]);
  const sentiment = new LexiconSentimentAnalyzer();
  const outcomes = new OutcomeClassifier();
  return {
    sentiment: (text) => sentiment.score(text),
    outcome: (state, transcript) => outcomes.classify({ state, transcript }),
  };
}

/** Gives the analysis to `use` once it is loaded. The lexicon is loaded with the first call, not at start-up. */
export function analyse(use: (analysis: Analysis) => void): void {
  loading ??= load().catch((error) => {
    diag.warn('earshot: sentiment and outcome are not available', error);
    return undefined;
  });
  void loading.then((analysis) => analysis && use(analysis));
}
