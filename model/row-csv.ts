import { isMoney, isoInstant } from './row-json.ts';
import { type Column, ROW_TABLES, type StoredCallMetrics } from './rows.ts';

type Columns = Readonly<Record<string, Pick<Column, 'type'>>>;

/** The names of the columns. (Default: those of `call_metrics`.) */
export const csvHeader = (columns: Columns = ROW_TABLES.call_metrics): string =>
  Object.keys(columns).join(',');

/**
 * A call as a line of CSV (RFC 4180) for people: the columns of `call_metrics`. Unknown is empty, instants are ISO 8601 in UTC,
 * money has all its places, tags are JSON, names in a list are separated by `; `.
 */
export const csvLine = (row: StoredCallMetrics): string => line(row, ROW_TABLES.call_metrics, forPeople);

/**
 * A row as a line of CSV for programs: every text as it is. NULL is empty and an empty text is `""`, as PostgreSQL reads
 * it; lists and tags are JSON.
 */
export const csvDataLine = (row: object, columns: Columns): string => line(row, columns, forPrograms);

const line = (row: object, columns: Columns, textOf: (value: unknown) => string): string =>
  Object.entries(columns)
    .map(([name, { type }]) => cell((row as Readonly<Record<string, unknown>>)[name], type, textOf))
    .join(',');

function cell(value: unknown, type: Column['type'], textOf: (value: unknown) => string): string {
  if (value === null || value === undefined) return '';
  if (isMoney(value)) return value.toFixed();
  if (type === 'timestamptz') return isoInstant(value as number);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return textOf(value);
}

/** Spreadsheets take a text that begins so for a formula, which may send the sheet elsewhere: an apostrophe stops them. */
const FORMULA = /^[=+\-@\t\r\n]/;

function forPeople(value: unknown): string {
  const text = Array.isArray(value) ? value.join('; ') : plain(value);
  return quoted(FORMULA.test(text) ? `'${text}` : text);
}

const forPrograms = (value: unknown): string => (value === '' ? '""' : quoted(plain(value)));

const plain = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
