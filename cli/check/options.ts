import { FIGURE_NAMES, type FigureName } from '../../exporter/checks/figures.ts';
import type { Limits, ScoreLimit } from '../../exporter/checks/judge.ts';
import { LimitError, limitOf, scoreLimitOf, wholeOf } from '../../exporter/checks/limits.ts';
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

/** @throws UsageError for a limit that is none. */
export const readScoreLimits = (given: unknown): ScoreLimit[] =>
  (Array.isArray(given) ? given : []).map((text: string) => asUsage(() => scoreLimitOf(text, '--score')));

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
