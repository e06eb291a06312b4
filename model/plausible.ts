import type { Fact } from './facts.ts';
import type { Column } from './rows.ts';
import { MOST_SCORE } from './scores.ts';
import { QUANTITIES } from './usage.ts';

/** Inclusive bounds. */
interface Bounds {
  readonly least: number;
  readonly most: number;
}

const DAY_SECONDS = 86_400;
const upTo = (most: number): Bounds => ({ least: 0, most });

/** 2000 to 2100. Seconds sent as nanoseconds are an instant in 1970; nanoseconds sent as microseconds one in the year 56000. */
const INSTANT_US: Bounds = { least: Date.UTC(2000, 0, 1) * 1_000, most: Date.UTC(2100, 0, 1) * 1_000 };
/** Whether a conversation can have been at an instant: between 2000 and 2100. */
export const isPlausibleInstant = (us: number): boolean => within(INSTANT_US, us);

/** No conversation lasts a week. */
const SECONDS = upTo(7 * DAY_SECONDS);

/** Figures of any fact that are neither instants nor seconds, which their names tell. */
const FIGURES: Readonly<Record<string, Bounds>> = {
  ...Object.fromEntries(Object.entries(QUANTITIES).map(([name, { most }]) => [name, upTo(most)])),
  turnIndex: upTo(1_000_000),
  sipStatusCode: upTo(999),
};

/**
 * Whether every figure of a fact can belong to a conversation: its instants between 2000 and 2100, nothing longer than
 * a week, no more than a billion tokens or characters, a million turns. What lies outside is a wrong unit or a forgery,
 * and would make every sum that it enters wrong.
 */
export function isPlausible(fact: Fact): boolean {
  return fact.endUs - fact.startUs <= SECONDS.most * 1e6 && fits(fact);
}

function fits(value: object): boolean {
  for (const name in value) {
    const item = (value as Readonly<Record<string, unknown>>)[name];
    if (typeof item === 'number' && !within(boundsOf(name), item)) return false;
    if (typeof item === 'object' && item !== null && !fits(item)) return false;
  }
  return true;
}

function boundsOf(name: string): Bounds | undefined {
  if (name.endsWith('Us')) return INSTANT_US;
  if (name.endsWith('Seconds') || name.startsWith('ttfb_') || name.startsWith('latency_')) return SECONDS;
  return Object.hasOwn(FIGURES, name) ? FIGURES[name] : undefined;
}

/** Figures without bounds of their own must only be numbers. */
const within = (bounds: Bounds | undefined, value: number): boolean =>
  bounds === undefined ? Number.isFinite(value) : value >= bounds.least && value <= bounds.most;

/**
 * Figures of rows, by the unit of their column. A row sums the spans of a call, and an id that is used again without a pause is
 * one call of months: to what lies outside no plausible spans come.
 */
const OF_UNIT: Readonly<Record<Column['unit'], Bounds>> = {
  seconds: upTo(366 * DAY_SECONDS),
  tokens: upTo(1e12),
  characters: upTo(1e12),
  ordinal: upTo(1_000_000),
  count: upTo(1e9),
  ratio: upTo(1e6),
  '0 to 1': upTo(1),
  '-1 to 1': { least: -1, most: 1 },
  'words per minute': upTo(1e9),
  USD: upTo(1e9),
  instant: INSTANT_US,
  "the evaluator's": { least: -MOST_SCORE, most: MOST_SCORE },
};

/** The bounds of a column's figures. Undefined: it has none, as it is no figure. */
export const columnBounds = ({ unit }: Pick<Column, 'unit'>): Bounds | undefined =>
  Object.hasOwn(OF_UNIT, unit) ? OF_UNIT[unit] : undefined;

/** What was expected of a column's value that no call can have, in words; undefined where one can. */
export function implausibleIn(column: Column, value: unknown): string | undefined {
  const bounds = columnBounds(column);
  if (bounds === undefined || within(bounds, Number(value))) return undefined;
  return column.unit === 'instant'
    ? 'an instant from 2000 to 2100'
    : `a number from ${bounds.least} to ${bounds.most}`;
}
