import type { SentimentLabel } from '../../model/vocabulary.ts';

/** Judges from words how a speaker feels. */
export interface SentimentAnalyzer {
  /**
   * -1 (negative) to 1 (positive); undefined when the text gives no evidence either way. Must not throw.
   *
   * @param language - of the text, as a code such as `en` or `de-DE`; absent: not known
   */
  score(text: string, language?: string): number | undefined;
}

export type { SentimentLabel };

/**
 * Scores closer to 0 than this are neutral. The threshold of VADER (Hutto and Gilbert, 2014), whose normalisation the
 * built-in analyzer uses.
 */
export const NEUTRAL_BELOW = 0.05;

/** Positive from 0.05, negative to -0.05, neutral between; undefined stays undefined. */
export function sentimentLabel(score: number | undefined): SentimentLabel | undefined {
  if (score === undefined || Number.isNaN(score)) return undefined;
  if (score >= NEUTRAL_BELOW) return 'positive';
  return score <= -NEUTRAL_BELOW ? 'negative' : 'neutral';
}

/**
 * Mean over the turns that have a score; undefined when none has. Turns without evidence are skipped, not counted as 0.
 *
 * 0.6, undefined, -0.2 gives 0.2.
 */
export function averageSentiment(scores: Iterable<number | null | undefined>): number | undefined {
  let sum = 0;
  let count = 0;
  for (const score of scores) {
    if (typeof score !== 'number' || !Number.isFinite(score)) continue;
    sum += score;
    count += 1;
  }
  return count === 0 ? undefined : sum / count;
}
