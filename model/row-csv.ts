import { isMoney, isoInstant } from './row-json.ts';
import { type Column, METRICS_COLUMNS, STORED_COLUMNS, type StoredCallMetrics } from './rows.ts';

const COLUMNS: Readonly<Record<string, Column>> = { ...METRICS_COLUMNS, ...STORED_COLUMNS };

/** The names of the columns. */
export const csvHeader = (): string => Object.keys(COLUMNS).join(',');

/**
 * A call as a line of CSV (RFC 4180): the columns of `call_metrics`. Unknown is empty, instants are ISO 8601 in UTC, money has
 * all its places, tags are JSON, names in a list are separated by `; `.
 */
export const csvLine = (row: StoredCallMetrics): string =>
  Object.entries(COLUMNS)
    .map(([name, { type }]) => cell(row[name as keyof StoredCallMetrics], type))
    .join(',');

function cell(value: unknown, type: Column['type']): string {
  if (value === null || value === undefined) return '';
  if (isMoney(value)) return value.toFixed();
  if (type === 'timestamptz') return isoInstant(value as number);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return quoted(value.join('; '));
  return quoted(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

/** Spreadsheets take a text that begins so for a formula, which may send the sheet elsewhere: an apostrophe stops them. */
const FORMULA = /^[=+\-@\t\r\n]/;

function quoted(text: string): string {
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
