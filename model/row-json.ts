import type {
  CallLogRow,
  CallScoreRow,
  LOG_COLUMNS,
  METRICS_COLUMNS,
  SCORE_COLUMNS,
  STORED_COLUMNS,
  StoredCallMetrics,
} from './rows.ts';

type Texts<Row, Columns> = {
  [Name in keyof Row]: Name extends keyof Columns
    ? Columns[Name] extends { type: 'numeric' | 'timestamptz' }
      ? string | Extract<Row[Name], null>
      : Row[Name]
    : Row[Name];
};

/** A turn's row as JSON: money as text with all its places, instants in ISO 8601. */
export type CallLogJson = Texts<CallLogRow, typeof LOG_COLUMNS>;
/** A call's row as JSON. */
export type CallMetricsJson = Texts<StoredCallMetrics, typeof METRICS_COLUMNS & typeof STORED_COLUMNS>;

/** A score's row as JSON. */
export type CallScoreJson = Texts<CallScoreRow, typeof SCORE_COLUMNS>;

/** Columns that hold an instant: microseconds in memory, ISO 8601 in JSON. */
const INSTANTS = new Set(['created_at', 'started_at', 'ended_at', 'finalized_at', 'scored_at']);

/** Rows, and what holds rows, ready for `JSON.stringify`. */
export function rowJson(value: unknown, key?: string): unknown {
  if (typeof value === 'number' && key !== undefined && INSTANTS.has(key)) return isoInstant(value);
  if (Array.isArray(value)) return value.map((item) => rowJson(item));
  if (typeof value !== 'object' || value === null) return value;
  if (isMoney(value)) return value.toFixed();
  const json: Record<string, unknown> = { ...value };
  // Most of a row is ready: to copy it whole is many times faster than name by name.
  for (const name of Object.keys(json)) {
    const item = json[name];
    const isReady =
      typeof item === 'number' ? !INSTANTS.has(name) : typeof item !== 'object' || item === null;
    if (!isReady) json[name] = rowJson(item, name);
  }
  return json;
}

/** A Decimal: the only object of a row that is no plain one. */
export const isMoney = (value: unknown): value is { toFixed(): string } =>
  typeof value === 'object' && value !== null && 'toFixed' in value && typeof value.toFixed === 'function';

/** Microseconds since 1970 with all six places. */
export function isoInstant(us: number): string {
  const ms = Math.floor(us / 1_000);
  return new Date(ms).toISOString().replace('Z', `${String(Math.round(us - ms * 1_000)).padStart(3, '0')}Z`);
}
