import { Decimal } from 'decimal.js';
import { Usd } from '../pricing/money.ts';
import type { Columns, ColumnType } from './columns.ts';

/**
 * How values cross the driver, the same on every driver. Rows go in as one array a column, joined by `UNNEST`: one statement
 * for any number of rows. What `UNNEST` cannot carry (arrays of arrays, jsonb) or drivers spell differently (numeric,
 * instants, int8) goes as text or double and is cast in SQL.
 */
interface Crossing {
  /** Type of the array. */
  readonly parameter: 'text[]' | 'boolean[]' | 'integer[]' | 'double precision[]';
  readonly encode?: (value: unknown) => unknown;
  /** SQL from the parameter's element to the column. */
  readonly write?: (element: string) => string;
  /** SQL from the column to what the driver gives. */
  readonly read?: (column: string) => string;
  readonly decode?: (value: unknown) => unknown;
}

const CROSSINGS: Readonly<Record<ColumnType, Crossing>> = {
  text: { parameter: 'text[]', encode: (value) => storable(String(value)) },
  boolean: { parameter: 'boolean[]' },
  integer: { parameter: 'integer[]' },
  bigint: {
    parameter: 'double precision[]',
    // A quantity beyond all counting is unknown: no call fails for it.
    encode: (value) => (Number.isSafeInteger(value) ? value : null),
    write: (element) => `${element}::bigint`,
    read: (column) => `${column}::double precision`,
  },
  'double precision': { parameter: 'double precision[]' },
  numeric: {
    parameter: 'text[]',
    encode: (value) => (value instanceof Decimal ? value.toFixed() : String(value)),
    write: (element) => `${element}::numeric`,
    read: (column) => `${column}::text`,
    decode: (value) => new Usd(String(value)),
  },
  timestamptz: {
    parameter: 'double precision[]',
    write: (element) => `'epoch'::timestamptz + ${element} * interval '1 microsecond'`,
    read: (column) => `(extract(epoch from ${column}) * 1000000)::double precision`,
  },
  'text[]': {
    parameter: 'text[]',
    encode: (value) => arrayLiteral(value as readonly string[]),
    write: (element) => `${element}::text[]`,
  },
  jsonb: { parameter: 'text[]', encode: toJson, write: (element) => `${element}::jsonb` },
};

/**
 * Text as PostgreSQL takes it: NUL and halves of surrogate pairs, which it refuses, become U+FFFD.
 */
export function storable(text: string): string {
  return MAYBE_UNSTORABLE.test(text) ? text.replace(/\0|\p{Surrogate}/gu, '\uFFFD') : text;
}

/** Nearly every text has none: a look costs a tenth of what it costs to replace. */
const MAYBE_UNSTORABLE = /[\0\ud800-\udfff]/;

/** JSON as `jsonb` takes it. A number that is not finite is left out: unknown is absent. */
export function toJson(value: unknown): string {
  const json = JSON.stringify(value);
  return MAYBE_REFUSED.test(json) ? JSON.stringify(value, withoutRefused) : json;
}

/**
 * A replacer costs more than all the rest, and nearly nothing needs one: what `storable` replaces would be an escape by
 * now, and a number that is not finite would be null.
 */
const MAYBE_REFUSED = /\\u|null/;

function withoutRefused(_: string, value: unknown): unknown {
  if (typeof value === 'string') return storable(value);
  return typeof value === 'number' && !Number.isFinite(value) ? undefined : value;
}

const arrayLiteral = (items: readonly string[]) =>
  `{${items.map((item) => quoted(storable(item))).join(',')}}`;

const quoted = (text: string): string =>
  `"${MAYBE_ESCAPED.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`;
const MAYBE_ESCAPED = /["\\]/;

/** Column names, as in `INSERT INTO t (…)`. */
export const columnList = (columns: object): string => Object.keys(columns).join(', ');

/**
 * A `SELECT` that turns one parameter a column, an array as text, into rows of the columns' types.
 * @example unnest({ a: 'text', b: 'numeric' })
 * // SELECT r.a, r.b::numeric FROM UNNEST($1::text::text[], $2::text::text[]) AS r (a, b)
 */
export function unnest(columns: Columns): string {
  const names = Object.keys(columns);
  const types = Object.values(columns);
  const values = names.map((name, index) => {
    const element = `r.${name}`;
    return CROSSINGS[types[index] ?? 'text'].write?.(element) ?? element;
  });
  const parameters = types.map((type, index) => `$${index + 1}::text::${CROSSINGS[type].parameter}`);
  return `SELECT ${values.join(', ')} FROM UNNEST(${parameters.join(', ')}) AS r (${names.join(', ')})`;
}

/**
 * The parameters of `unnest`: one array a column, written here, as a driver takes it apart value by value and quotes numbers
 * too. Absent and null are NULL.
 */
export function columnArrays<Row extends object>(columns: Columns, rows: readonly Row[]): string[] {
  return Object.entries(columns).map(([name, type]) => {
    const { encode } = CROSSINGS[type];
    const items = rows.map((row) => {
      const value = (row as Record<string, unknown>)[name];
      const item = value === undefined || value === null || encode === undefined ? value : encode(value);
      if (item === undefined || item === null) return 'NULL';
      return typeof item === 'string' ? quoted(item) : String(item);
    });
    return `{${items.join(',')}}`;
  });
}

/** The columns as `decodeRow` expects them, for a `SELECT`. */
export const selectList = (columns: Columns): string =>
  Object.entries(columns)
    .map(([name, type]) => `${CROSSINGS[type].read?.(name) ?? name} AS ${name}`)
    .join(', ');

/** One row of `selectList`: instants as `Micros`, money as `Decimal`, NULL as null. */
export function decodeRow<Row>(columns: Columns, raw: Readonly<Record<string, unknown>>): Row {
  const row: Record<string, unknown> = {};
  for (const [name, type] of Object.entries(columns)) {
    const value = raw[name] ?? null;
    const { decode } = CROSSINGS[type];
    row[name] = value === null || decode === undefined ? value : decode(value);
  }
  return row as Row;
}
