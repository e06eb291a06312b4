import type { Interruption } from '../../model/facts.ts';
import type { InterruptionMetrics } from './interruption-metrics.ts';
import { InterruptionTracker } from './interruption-tracker.ts';
import type { KeywordScan } from './keywords.ts';
import { SpokenLanguage } from './language.ts';
import { LexiconSentimentAnalyzer } from './lexicon-sentiment.ts';
import { type FinalState, OutcomeClassifier } from './outcome.ts';
import { type SentimentAnalyzer, type SentimentLabel, sentimentLabel } from './sentiment.ts';
import { type SpeechEvent, trackSpeech } from './speech-events.ts';
import type { OutcomeVerdict } from './verdict.ts';

/** Options of {@link QualityMetricsCollector}. Each part has a built-in default. */
export interface QualityMetricsCollectorOptions {
  interruptions?: InterruptionTracker;
  outcomes?: OutcomeClassifier;
  sentiment?: SentimentAnalyzer;
}

/** One finished turn, as far as it is known. */
export interface QualityTurn {
  userText?: string;
  agentText?: string;
}

/** How the user felt over a call. */
export interface CallSentiment {
  /** -1 to 1: mean over the turns that have a score. */
  average: number;
  label: SentimentLabel;
  /** Turns that have a score. */
  turnCount: number;
}

let builtIn: SentimentAnalyzer | undefined;

/** One for all calls: its word list takes milliseconds to build. */
function builtInSentiment(): SentimentAnalyzer {
  builtIn ??= new LexiconSentimentAnalyzer();
  return builtIn;
}

/**
 * Interruptions, outcome and sentiment of one call, for code that has events and text but no spans. Text is judged as
 * it comes and not kept.
 *
 * @example
 * ```ts
 * const quality = new QualityMetricsCollector();
 * quality.speech({ what: 'agent_started', atUs: 1_000_000 });
 * quality.turn({ userText: 'A table for two', agentText: 'Your table is booked.' });
 * quality.end({ endReason: 'completed' });
 * quality.getOutcome(); // { outcome: 'SUCCESS', confidence: 0.6, source: 'keywords', evidence: [...] }
 * ```
 */
export class QualityMetricsCollector {
  readonly #tracker: InterruptionTracker;
  readonly #outcomes: OutcomeClassifier;
  readonly #sentiment: SentimentAnalyzer;
  readonly #language = new SpokenLanguage();
  readonly #scan: KeywordScan;
  #state: FinalState = {};
  #turnCount = 0;
  #scoreSum = 0;
  #scoreCount = 0;

  constructor({
    interruptions = new InterruptionTracker(),
    outcomes = new OutcomeClassifier(),
    sentiment = builtInSentiment(),
  }: QualityMetricsCollectorOptions = {}) {
    this.#tracker = interruptions;
    this.#outcomes = outcomes;
    this.#sentiment = sentiment;
    this.#scan = outcomes.scan();
  }

  /** The user or the agent began, stopped or was cut off. Returns the interruption that this made certain. */
  speech(event: SpeechEvent): Interruption | undefined {
    return trackSpeech(this.#tracker, event);
  }

  /** A turn is finished. Returns the sentiment of the user's words; undefined: no evidence. */
  turn({ userText, agentText }: QualityTurn): number | undefined {
    this.#turnCount += 1;
    if (agentText !== undefined && userText === undefined) this.#scan.add({ role: 'agent', text: agentText });
    if (userText === undefined) return undefined;
    this.#scan.add({ role: 'user', text: userText });
    if (agentText !== undefined) this.#scan.add({ role: 'agent', text: agentText });
    const score = this.#sentiment.score(userText, this.#language.of(userText));
    if (score === undefined || !Number.isFinite(score)) return undefined;
    this.#scoreSum += score;
    this.#scoreCount += 1;
    return score;
  }

  /** How the call ended. What is told later is added to what was told before. Settles what the tracker has open. */
  end(state: FinalState = {}): Interruption | undefined {
    this.#state = { ...this.#state, ...state };
    return this.#tracker.settle();
  }

  /** Counts and rate so far. */
  getInterruptionMetrics(): InterruptionMetrics {
    return this.#tracker.metrics(this.#turnCount);
  }

  /** The outcome by all that is known so far; undefined: unknown. */
  getOutcome(): OutcomeVerdict | undefined {
    return this.#outcomes.classify({ state: this.#state, transcript: this.#scan });
  }

  /** The user's sentiment so far; undefined when no turn gave evidence. */
  getSentiment(): CallSentiment | undefined {
    if (this.#scoreCount === 0) return undefined;
    const average = this.#scoreSum / this.#scoreCount;
    const label = sentimentLabel(average);
    return label && { average, label, turnCount: this.#scoreCount };
  }
}
