import { isMoney, rowJson } from '../../model/row-json.ts';
import { type CallRows, type CallScoreRow, LOG_COLUMNS, METRICS_COLUMNS } from '../../model/rows.ts';
import { finalizeCall } from '../finalize.ts';
import { type CallFile, CallFileError } from './call-file.ts';
import { savedPrices } from './prices.ts';

/** Columns that what was said decides: without it they cannot be computed again. */
const TOLD_BY_WORDS: Readonly<Record<'call' | 'turn', readonly string[]>> = {
  call: [
    'outcome',
    'outcome_confidence',
    'outcome_source',
    'sentiment_avg',
    'sentiment_label',
    'user_words_per_minute',
    'agent_words_per_minute',
  ] satisfies (keyof CallRows['metrics'])[],
  turn: ['user_text', 'agent_text', 'sentiment_score'] satisfies (keyof CallRows['logs'][number])[],
};

/** What the spans and prices of a file come to. */
export interface ComputedAgain {
  readonly rows: CallRows;
  /** Columns in which these rows are not those of the file, as `cost_llm` and `turn 3: ttfb_llm`. Empty: they are the same. */
  readonly differences: readonly string[];
}

/**
 * Computes the rows of a file again, from its spans and its prices. Pure. Undefined where it has no spans.
 * @throws CallFileError for spans that make no call.
 */
export function computedAgain(file: CallFile): ComputedAgain | undefined {
  if (file.facts.length === 0) return undefined;
  const rows = rowsOf(file);
  rows.metrics.spans_dropped = file.metrics.spans_dropped;
  const told = (kind: 'call' | 'turn', columns: object) =>
    Object.keys(columns).filter((name) => file.content || !TOLD_BY_WORDS[kind].includes(name));
  const ofTurn = told('turn', LOG_COLUMNS);
  const differences = different(file.metrics, rows.metrics, told('call', METRICS_COLUMNS));
  for (let index = 0; index < Math.max(file.turns.length, rows.logs.length); index += 1) {
    const [saved, now] = [file.turns[index], rows.logs[index]];
    const name = `turn ${saved?.turn_index ?? now?.turn_index}`;
    if (saved === undefined || now === undefined) differences.push(name);
    else differences.push(...different(saved, now, ofTurn).map((column) => `${name}: ${column}`));
  }
  return { rows, differences: [...differences, ...scoreDifferences(file, rows)] };
}

/** What was given stands, whatever spans say: of the others it is what they say. */
function scoreDifferences({ scores }: CallFile, { scores: now = [] }: CallRows): string[] {
  const given = new Set(scores.flatMap(({ name, source }) => (source === 'given' ? name : [])));
  const byName = (rows: readonly CallScoreRow[]) =>
    new Map(rows.flatMap((row) => (given.has(row.name) ? [] : [[row.name, JSON.stringify(rowJson(row))]])));
  const [saved, computed] = [byName(scores), byName(now)];
  return [...new Set([...saved.keys(), ...computed.keys()])]
    .filter((name) => saved.get(name) !== computed.get(name))
    .map((name) => `score ${name}`);
}

function rowsOf({ facts, priceList, prices }: CallFile): CallRows {
  try {
    return finalizeCall(facts, savedPrices(priceList, prices));
  } catch (error) {
    throw new CallFileError(`its spans make no call (${(error as Error).message})`);
  }
}

/** The columns in which two rows are not the same to the last byte of their JSON. */
const different = (saved: object, now: object, columns: readonly string[]): string[] =>
  columns.filter((name) => textOf(saved, name) !== textOf(now, name));

const textOf = (row: object, name: string): string =>
  JSON.stringify(sorted(rowJson((row as Readonly<Record<string, unknown>>)[name], name)));

/** The database keeps the names of tags in an order of its own. */
const sorted = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isMoney(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
