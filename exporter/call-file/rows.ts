import { implausibleIn } from '../../model/plausible.ts';
import { isoInstant } from '../../model/row-json.ts';
import {
  type CallLogRow,
  type CallScoreRow,
  type Column,
  LOG_COLUMNS,
  METRICS_COLUMNS,
  SCORE_COLUMNS,
  STORED_COLUMNS,
  type StoredCallMetrics,
} from '../../model/rows.ts';
import { scoreProblem } from '../../model/scores.ts';
import { readTags } from '../../model/tags.ts';
import { isName } from '../../model/tenant.ts';
import { Usd } from '../pricing/index.ts';
import { CallFileError } from './call-file.ts';
import { isObject } from './facts.ts';

type Columns = Readonly<Record<string, Column>>;

/** What a row keeps of each speaker's words, and more. Characters. */
const MAX_TEXT = 65_536;
const MAX_NAMES = 1_000;
const INSTANT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{6})Z$/;
/** Money of no more digits than a cost has. */
const DECIMAL = /^-?\d{1,40}(\.\d{1,60})?$/;

/** A call's row from its JSON, as `rowJson` writes it. @throws CallFileError */
export const readMetrics = (value: unknown): StoredCallMetrics =>
  readRow<StoredCallMetrics>({ ...METRICS_COLUMNS, ...STORED_COLUMNS }, value, 'call');

/** A turn's row. @throws CallFileError */
export const readTurn = (value: unknown): CallLogRow => readRow<CallLogRow>(LOG_COLUMNS, value, 'turn');

/** A score's row. @throws CallFileError */
export function readScore(value: unknown): CallScoreRow {
  const row = readRow<CallScoreRow>(SCORE_COLUMNS, value, 'score');
  const problem = scoreProblem(row);
  if (problem === undefined) return row;
  throw new CallFileError(`the row of a score: ${problem.part}: expected ${problem.expected}`);
}

function readRow<Row>(columns: Columns, value: unknown, where: string): Row {
  if (!isObject(value)) throw new CallFileError(`the row of a ${where} cannot be read`);
  const row: Record<string, unknown> = {};
  for (const [name, column] of Object.entries(columns)) {
    const given = Object.hasOwn(value, name) ? value[name] : null;
    const read = given === null ? null : readValue(given, column);
    if (read === undefined || (read === null && column.required))
      throw new CallFileError(`the row of a ${where}: ${name} is not of type ${column.type}`);
    const expected = read === null ? undefined : implausibleIn(column, read);
    if (expected !== undefined)
      throw new CallFileError(`the row of a ${where}: ${name}: saw ${given}, expected ${expected}`);
    row[name] = read;
  }
  if (!isName(row.tenant)) throw new CallFileError(`the row of a ${where} has a tenant that is no name`);
  return row as Row;
}

/** Undefined: it is not of the column's type. */
function readValue(value: unknown, { type, words }: Column): unknown {
  switch (type) {
    case 'text':
      if (typeof value !== 'string' || value.length > MAX_TEXT) return undefined;
      return words === undefined || words.includes(value) ? value : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined;
    case 'integer':
    case 'bigint':
      return Number.isSafeInteger(value) ? value : undefined;
    case 'double precision':
      return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
    case 'numeric':
      return typeof value === 'string' && DECIMAL.test(value) ? new Usd(value) : undefined;
    case 'timestamptz':
      return instantOf(value);
    case 'text[]':
      return isTexts(value) ? value : undefined;
    case 'jsonb':
      return isObject(value) ? tagsOf(value) : undefined;
    default:
      return type satisfies never;
  }
}

/** An instant as `isoInstant` writes it, in microseconds; undefined for anything else. */
export function instantOf(value: unknown): number | undefined {
  const [, seconds, micros] = typeof value === 'string' ? (INSTANT.exec(value) ?? []) : [];
  const us = Date.parse(`${seconds}Z`) * 1_000 + Number(micros);
  return Number.isSafeInteger(us) && isoInstant(us) === value ? us : undefined;
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) &&
  value.length <= MAX_NAMES &&
  value.every((item) => typeof item === 'string' && item.length <= MAX_TEXT);

function tagsOf(value: Readonly<Record<string, unknown>>) {
  const { tags, dropped } = readTags(Object.entries(value));
  return dropped > 0 ? undefined : (tags ?? {});
}
