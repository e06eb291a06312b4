import { rowJson } from '../../model/row-json.ts';
import {
  type CallLogRow,
  LOG_COLUMNS,
  METRICS_COLUMNS,
  type SqlType,
  STORED_COLUMNS,
  type StoredCallMetrics,
} from '../../model/rows.ts';
import { USD_DECIMAL_PLACES } from '../pricing/index.ts';
import type { FileColumns } from './tables.ts';

/** A turn and its call in one row; `call_turns_now` shows of each call the version that was finalized last. */
export const TURNS = 'call_turns';
const TURNS_NOW = 'call_turns_now';
/** Until when runs have brought the calls that began since an instant. */
export const EXPORTED = 'call_turns_exported';

/** A turn has these of its call under the same name. */
const SHARED: ReadonlySet<string> = new Set(['tenant', 'call_id', 'finalized_at']);

/** A column of the call in the row of a turn: `cost_total` is the turn's, `call_cost_total` the call's. */
const ofCall = (name: string): string =>
  SHARED.has(name) || name.startsWith('call_') ? name : `call_${name}`;

const CALL_COLUMNS: FileColumns = { ...METRICS_COLUMNS, finalized_at: STORED_COLUMNS.finalized_at };

const COLUMNS: FileColumns = {
  ...LOG_COLUMNS,
  ...Object.fromEntries(Object.entries(CALL_COLUMNS).map(([name, column]) => [ofCall(name), column])),
};

const TYPES: Readonly<Record<SqlType, string>> = {
  text: 'String',
  boolean: 'Bool',
  integer: 'Int32',
  bigint: 'Int64',
  'double precision': 'Float64',
  numeric: `Decimal(38, ${USD_DECIMAL_PLACES})`,
  timestamptz: "DateTime64(6, 'UTC')",
  'text[]': 'Array(String)',
  // JSON as text, as in the files.
  jsonb: 'String',
};

const typeOf = ({ type, required }: FileColumns[string]): string =>
  required ? TYPES[type] : `Nullable(${TYPES[type]})`;

const EXPORTED_COLUMNS = { since_us: 'Int64', until_us: 'Int64' };

/** The columns that there are, as table and name. */
export const WHAT_THERE_IS = `SELECT table, name FROM system.columns
WHERE database = currentDatabase() AND table IN ('${TURNS}', '${TURNS_NOW}', '${EXPORTED}')`;

/**
 * What makes that which is not there, and adds the columns that an earlier version did not have. Nothing where all is there: who
 * exports then needs no right to make it, and it may be made in another way, as on a cluster.
 */
export function lackingStatements(there: readonly (readonly string[])[]): string[] {
  const isThere = new Set(there.map(([table, name]) => `${table}.${name}`));
  const lacking = (table: string, columns: object) =>
    Object.keys(columns).filter((name) => !isThere.has(`${table}.${name}`));
  const statements: string[] = [];
  const added = lacking(TURNS, COLUMNS);
  if (added.length === Object.keys(COLUMNS).length) statements.push(CREATE_TURNS);
  else if (added.length > 0) statements.push(addColumns(added));
  if (lacking(TURNS_NOW, COLUMNS).length > 0) statements.push(CREATE_VIEW);
  if (lacking(EXPORTED, EXPORTED_COLUMNS).length > 0) statements.push(CREATE_EXPORTED);
  return statements;
}

const definitionOf = (name: string): string => `${name} ${typeOf(COLUMNS[name] as FileColumns[string])}`;

const CREATE_TURNS = `CREATE TABLE IF NOT EXISTS ${TURNS} (
${Object.keys(COLUMNS)
  .map((name) => `  ${definitionOf(name)}`)
  .join(',\n')}
) ENGINE = ReplacingMergeTree(finalized_at)
PARTITION BY toYYYYMM(call_started_at)
ORDER BY (call_id, tenant, turn_index)`;

const addColumns = (names: readonly string[]): string =>
  `ALTER TABLE ${TURNS} ${names.map((name) => `ADD COLUMN IF NOT EXISTS ${definitionOf(name)}`).join(', ')}`;

// A version can have fewer turns than the one before, whose last ones nothing replaces.
const CREATE_VIEW = `CREATE OR REPLACE VIEW ${TURNS_NOW} AS SELECT * FROM ${TURNS} FINAL
WHERE (call_id, tenant, finalized_at) IN (SELECT call_id, tenant, max(finalized_at) FROM ${TURNS} GROUP BY call_id, tenant)`;

const CREATE_EXPORTED = `CREATE TABLE IF NOT EXISTS ${EXPORTED} (${Object.entries(EXPORTED_COLUMNS)
  .map((column) => column.join(' '))
  .join(', ')})
ENGINE = MergeTree ORDER BY (since_us, until_us)`;

/** The rows of a call's turns, each a line of JSON. */
export function wideLines(call: StoredCallMetrics, turns: readonly CallLogRow[]): string {
  const { finalized_by: _, ...row } = call;
  const ofTheCall = Object.entries(jsonOf(row)).map(([name, value]) => [ofCall(name), value]);
  return turns
    .map((turn) => `${JSON.stringify({ ...jsonOf(turn), ...Object.fromEntries(ofTheCall) })}\n`)
    .join('');
}

/** A row as JSON whose objects are text. */
const jsonOf = (row: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(rowJson(row) as object).map(([name, value]) => [
      name,
      typeof value === 'object' && value !== null && !Array.isArray(value) ? JSON.stringify(value) : value,
    ]),
  );
