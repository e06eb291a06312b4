import { Decimal } from 'decimal.js';

/** Columns that hold an instant: microseconds in memory, ISO 8601 in JSON. */
const INSTANTS = new Set(['created_at', 'started_at', 'ended_at', 'finalized_at']);

/** Rows as JSON: the column names of the tables, money as strings with all its places, instants in ISO 8601. */
export const toJson = (value: unknown): string => JSON.stringify(plain(value), null, 2);

/** The same on one line. */
export const toJsonLine = (value: unknown): string => JSON.stringify(plain(value));

function plain(value: unknown, key?: string): unknown {
  if (value instanceof Decimal) return value.toFixed();
  if (typeof value === 'number' && key !== undefined && INSTANTS.has(key)) return iso(value);
  if (Array.isArray(value)) return value.map((item) => plain(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item, name)]));
}

/** Microseconds since 1970 with all six places. */
export const iso = (us: number): string =>
  new Date(Math.floor(us / 1_000))
    .toISOString()
    .replace('Z', `${String(Math.round(us % 1_000)).padStart(3, '0')}Z`);
