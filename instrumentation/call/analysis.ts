import { setImmediate } from 'node:timers/promises';
import { diag } from '@opentelemetry/api';
import type { FinalState } from '../../exporter/quality/outcome.ts';
import type { OutcomeVerdict } from '../../exporter/quality/verdict.ts';

/** Follows one call's words and keeps the verdicts, not the words: only scores leave the process. */
export interface CallAnalysis {
  /** Sentiment of a text, -1 to 1; undefined without evidence. */
  sentiment(text: string): number | undefined;
  hear(role: 'user' | 'agent', text: string): void;
  outcome(state: FinalState): OutcomeVerdict | undefined;
}

type Analyser = () => CallAnalysis;

let loading: Promise<Analyser | undefined> | undefined;

async function load(): Promise<Analyser> {
  // One after the other, and the event loop goes round in between: there may be calls already.
  const { SpokenLanguage } = await import('../../exporter/quality/language.ts');
  await setImmediate();
  const { LexiconSentimentAnalyzer } = await import('../../exporter/quality/lexicon-sentiment.ts');
  await setImmediate();
  const { OutcomeClassifier } = await import('../../exporter/quality/outcome.ts');
  await setImmediate();
  const lexicon = new LexiconSentimentAnalyzer();
  const classifier = new OutcomeClassifier();
  return () => {
    const scan = classifier.scan();
    const language = new SpokenLanguage();
    return {
      sentiment: (text) => lexicon.score(text, language.of(text)),
      hear: (role, text) => scan.add({ role, text }),
      outcome: (state) => classifier.classify({ state, transcript: scan }),
    };
  };
}

/** Loads the word lists, once. Some ten milliseconds of work: before the first call, and not at start-up. */
export function loadAnalysis(): Promise<Analyser | undefined> {
  loading ??= load().catch((error) => {
    diag.warn('earshot: sentiment and outcome are not available', error);
    return undefined;
  });
  return loading;
}

/** Gives a call its analysis as soon as the word lists are there. */
export function analyseCall(use: (analysis: CallAnalysis) => void): void {
  void loadAnalysis().then((analyser) => analyser && use(analyser()));
}
