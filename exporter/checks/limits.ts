import { durationSeconds, EXPECTED_DURATION } from '../../model/duration.ts';
import { isScoreName, SCORE_NAME, SCORE_NUMBER, scoreNumber } from '../../model/scores.ts';
import { FIGURES, type FigureName } from './figures.ts';
import type { ScoreLimit } from './judge.ts';

/** What was given is no limit, or no baseline; the message says why. */
export class LimitError extends Error {}

const EXPECTED = {
  seconds: EXPECTED_DURATION,
  USD: 'an amount of USD such as 0.05',
  ratio: 'a share such as 0.1 or 10%',
  count: 'a whole number',
} as const;

/**
 * A limit as people write it.
 *
 * @param where - that the message of an error begins with
 * @throws LimitError for what is none
 */
export function limitOf(name: FigureName, text: string, where: string): number {
  const { unit } = FIGURES[name];
  const value = { seconds: durationSeconds, USD: numberOf, ratio: shareOf, count: wholeOf }[unit](
    text.trim(),
  );
  if (value !== undefined) return value;
  throw new LimitError(`${where}: saw ${text}, expected ${EXPECTED[unit]}.`);
}

const numberOf = (text: string): number | undefined =>
  /^\$?(\d{1,12}(\.\d{1,20})?|\.\d{1,20})$/.test(text) ? Number(text.replace('$', '')) : undefined;

/** A whole number; undefined for any other text. */
export const wholeOf = (text: string): number | undefined =>
  /^\d{1,12}$/.test(text) ? Number(text) : undefined;

/** `0.1` and `10%`; undefined beyond 0 to 1. */
function shareOf(text: string): number | undefined {
  const match = /^(\d{1,3}(?:\.\d{1,12})?|\.\d{1,12})(\s?%)?$/.exec(text);
  const share = match === null ? Number.NaN : Number(match[1]) / (match[2] === undefined ? 1 : 100);
  return share >= 0 && share <= 1 ? share : undefined;
}

/** A name, what it may be, and the rest. */
const SCORE_LIMIT = /^([^<>=\s]+) *([<>]=) *([^<>=\s]+)$/;

/** A limit of the mean of a score, as `politeness>=0.8`. @throws LimitError for what is none */
export function scoreLimitOf(text: string, where: string): ScoreLimit {
  const wrong = (expected: string) => new LimitError(`${where}: saw ${text}, expected ${expected}.`);
  const [, name, bound, number = ''] = SCORE_LIMIT.exec(text.trim()) ?? [];
  if (name === undefined) throw wrong("a name, >= or <=, and a limit of its mean, such as 'politeness>=0.8'");
  if (!isScoreName(name)) throw wrong(`a name of ${SCORE_NAME}`);
  const limit = scoreNumber(number);
  if (limit === undefined) throw wrong(`${SCORE_NUMBER} as the limit`);
  return { name, bound: bound === '>=' ? 'at_least' : 'at_most', limit };
}

/** What may be worse without being broken, where nothing says it. */
export const TOLERANCE = '10%';

/** The share by which figures may be worse than a baseline. @throws LimitError */
export function toleranceOf(text: string, where: string): number {
  const tolerance = shareOf(text.trim());
  if (tolerance !== undefined) return tolerance;
  throw new LimitError(`${where}: saw ${text}, expected a share such as 0.1 or 10%.`);
}
