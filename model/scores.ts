import { isTagName, TAG_NAME } from './tags.ts';

/** What someone or something thinks of a call: a figure, a word, or both. */
export interface Score {
  name: string;
  /** On whatever scale the evaluator has. */
  value?: number;
  /** Such as `pass`. */
  label?: string;
}

/** A score as a span tells it, and when it did. */
export interface TimedScore extends Score {
  /** Microseconds since 1970. */
  atUs: number;
}

/** A span that does nothing but judge the call, however long after it: it is no part of what happened in the call. */
export const isJudgment = ({ type, scores }: { type: string; scores?: readonly TimedScore[] }): boolean =>
  type === 'other' && scores !== undefined;

/** Scores of one call. */
export const MAX_SCORES = 64;
/** Characters. */
const MAX_LABEL = 64;
/** A greater figure, either way, is a wrong unit or a forgery. */
export const MOST_SCORE = 1e15;

/** What the name of a score may be, in words. */
export const SCORE_NAME = TAG_NAME;
export const isScoreName: (name: unknown) => name is string = isTagName;
/** What the figure of a score may be. */
export const SCORE_NUMBER = `a number from -${MOST_SCORE.toExponential()} to ${MOST_SCORE.toExponential()}`;
const WORD = `a word of 1 to ${MAX_LABEL} characters`;
/** What a score may be. */
export const SCORE_VALUE = `${SCORE_NUMBER}, or ${WORD}`;

/** Control characters and line ends are in no label. */
const LABEL = /^[\p{L}\p{N}\p{P}\p{S} ]+$/u;

const isValue = (value: unknown): value is number =>
  typeof value === 'number' && Math.abs(value) <= MOST_SCORE;
const isLabel = (label: unknown): label is string =>
  typeof label === 'string' && label.length <= MAX_LABEL && LABEL.test(label);
const isAbsent = (value: unknown): value is undefined | null => value === undefined || value === null;

/** What a score is told as, before anyone has looked at it. Null is absent. */
export type GivenScore = { readonly [Part in keyof Score]?: unknown };

/** As a number is written on the command line, also what no score can be: `NaN` is no word that anyone means. */
const WRITTEN = /^[-+]?((\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?|nan|inf|infinity)$/i;
/** Whether a text is meant as a number. */
export const isWrittenNumber = (text: string): boolean => WRITTEN.test(text);
/** The figure that a text is; undefined for any other text, and for one that no score can have. */
export function scoreNumber(text: string): number | undefined {
  const value = isWrittenNumber(text) ? Number(text) : undefined;
  return isValue(value) ? value + 0 : undefined;
}

/** The first part of a score that cannot be, and what was expected of it. Undefined: it is a score. The one check of all ways in. */
export function scoreProblem({
  name,
  value,
  label,
}: GivenScore): { part: keyof Score; expected: string } | undefined {
  if (!isScoreName(name)) return { part: 'name', expected: SCORE_NAME };
  if (!isAbsent(value) && !isValue(value)) return { part: 'value', expected: SCORE_NUMBER };
  if (!isAbsent(label) && !isLabel(label)) return { part: 'label', expected: WORD };
  return isAbsent(value) && isAbsent(label) ? { part: 'value', expected: SCORE_VALUE } : undefined;
}

/** The score, as it is kept: without the part that cannot be. Undefined where nothing is left. */
export function scoreOf(name: unknown, value: unknown, label?: unknown): Score | undefined {
  const kept = {
    name,
    ...(isValue(value) && { value: value + 0 }),
    ...(isLabel(label) && { label }),
  };
  return scoreProblem(kept) === undefined ? (kept as Score) : undefined;
}

/** A score that may be given as a number or as a word. */
export const scoreGiven = (name: unknown, given: unknown): Score | undefined =>
  typeof given === 'string' ? scoreOf(name, undefined, given) : scoreOf(name, given);
