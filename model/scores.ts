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

/** What the name of a score may be, in words. */
export const SCORE_NAME = TAG_NAME;
export const isScoreName: (name: unknown) => name is string = isTagName;
/** What a score may be. */
export const SCORE_VALUE = `a number, or a word of 1 to ${MAX_LABEL} characters`;

/** Control characters and line ends are in no label. */
const LABEL = /^[\p{L}\p{N}\p{P}\p{S} ]+$/u;

/** The score, as it is kept; undefined for one that cannot be: another name, or neither a value nor a label. */
export function scoreOf(name: unknown, value: unknown, label?: unknown): Score | undefined {
  if (!isTagName(name)) return undefined;
  const number = typeof value === 'number' && Number.isFinite(value) ? value + 0 : undefined;
  const word =
    typeof label === 'string' && label.length <= MAX_LABEL && LABEL.test(label) ? label : undefined;
  if (number === undefined && word === undefined) return undefined;
  return { name, ...(number !== undefined && { value: number }), ...(word !== undefined && { label: word }) };
}

/** A score that may be given as a number or as a word. */
export const scoreGiven = (name: unknown, given: unknown): Score | undefined =>
  typeof given === 'string' ? scoreOf(name, undefined, given) : scoreOf(name, given);
