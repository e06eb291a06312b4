import { UsageError } from '../command.ts';
import { readDuration } from '../duration-option.ts';
import { FIGURE_NAMES, FIGURES, type FigureName } from './figures.ts';
import type { Limits } from './judge.ts';

type Given = Readonly<Record<string, unknown>>;

/** @throws UsageError for a limit that is none. */
export function readLimits(options: Given): Limits {
  return Object.fromEntries(
    FIGURE_NAMES.flatMap((name) => {
      const text = options[name];
      return typeof text === 'string' ? [[name, limitOf(name, text.trim(), `--${name}`)]] : [];
    }),
  );
}

const EXPECTED = {
  USD: 'an amount of USD such as 0.05',
  ratio: 'a share such as 0.1 or 10%',
  count: 'a whole number',
} as const;

/** @param where - that the message of an error begins with */
export function limitOf(name: FigureName, text: string, where: string): number {
  const { unit } = FIGURES[name];
  if (unit === 'seconds') return readDuration(where, text);
  const value = { USD: numberOf, ratio: shareOf, count: wholeOf }[unit](text);
  if (value !== undefined) return value;
  throw new UsageError(`${where}: saw ${text}, expected ${EXPECTED[unit]}.`);
}

const numberOf = (text: string): number | undefined =>
  /^\$?(\d{1,12}(\.\d{1,20})?|\.\d{1,20})$/.test(text) ? Number(text.replace('$', '')) : undefined;

const wholeOf = (text: string): number | undefined => (/^\d{1,12}$/.test(text) ? Number(text) : undefined);

/** `0.1` and `10%`; undefined beyond 0 to 1. */
export function shareOf(text: string): number | undefined {
  const match = /^(\d{1,3}(?:\.\d{1,12})?|\.\d{1,12})(\s?%)?$/.exec(text);
  const share = match === null ? Number.NaN : Number(match[1]) / (match[2] === undefined ? 1 : 100);
  return share >= 0 && share <= 1 ? share : undefined;
}

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
