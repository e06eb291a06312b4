import { FIGURE_NAMES, type FigureName } from '../../exporter/checks/figures.ts';
import type { Limits, ScoreLimit } from '../../exporter/checks/judge.ts';
import { LimitError, limitOf, wholeOf } from '../../exporter/checks/limits.ts';
import { isScoreName, SCORE_NAME, SCORE_NUMBER, scoreNumber } from '../../model/scores.ts';
import { UsageError } from '../command.ts';

type Given = Readonly<Record<string, unknown>>;

/** @throws UsageError for a limit that is none. */
export function readLimits(options: Given): Limits {
  return Object.fromEntries(
    FIGURE_NAMES.flatMap((name) => {
      const text = options[name];
      return typeof text === 'string' ? [[name, asUsage(() => limitOf(name, text, `--${name}`))]] : [];
    }),
  );
}

/** What is no limit is the wrong use of a command. @throws UsageError */
export function asUsage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof LimitError ? new UsageError(error.message) : error;
  }
}

/** A limit of a score, as `politeness>=0.8`: a name, what it may be, and the rest. */
const SCORE_LIMIT = /^([^<>=\s]+) *([<>]=) *([^<>=\s]+)$/;

/** @throws UsageError for a limit that is none. */
export const readScoreLimits = (given: unknown): ScoreLimit[] =>
  (Array.isArray(given) ? given : []).map((text: string) => {
    const wrong = (expected: string) => new UsageError(`--score: saw ${text}, expected ${expected}.`);
    const [, name, bound, number = ''] = SCORE_LIMIT.exec(text.trim()) ?? [];
    if (name === undefined)
      throw wrong("a name, >= or <=, and a limit of its mean, such as 'politeness>=0.8'");
    if (!isScoreName(name)) throw wrong(`a name of ${SCORE_NAME}`);
    const limit = scoreNumber(number);
    if (limit === undefined) throw wrong(`${SCORE_NUMBER} as the limit`);
    return { name, bound: bound === '>=' ? 'at_least' : 'at_most', limit };
  });

/** How many turns, or calls, a figure needs to be judged. */
export function readNeed(option: string, text: unknown, fallback: number): number {
  if (typeof text !== 'string') return fallback;
  const value = wholeOf(text);
  if (value !== undefined && value > 0) return value;
  throw new UsageError(`--${option}: saw ${text}, expected a whole number above 0.`);
}

/** The figures in what an earlier `earshot check --json` wrote. */
export function readBaseline(text: string, file: string): Readonly<Partial<Record<FigureName, number>>> {
  const wrong = () =>
    new UsageError(`--baseline: ${file} is not what earshot check --json writes: no object with figures.`);
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    throw wrong();
  }
  const figures = (read as { figures?: unknown } | null)?.figures;
  if (typeof figures !== 'object' || figures === null) throw wrong();
  return Object.fromEntries(
    FIGURE_NAMES.flatMap((name) => {
      const value = (figures as Given)[name];
      return typeof value === 'number' && Number.isFinite(value) ? [[name, value]] : [];
    }),
  );
}
