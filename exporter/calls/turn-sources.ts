import type { CallFact, Fact } from '../../model/facts.ts';
import { type CallLogRow, LOG_COLUMNS } from '../../model/rows.ts';
import { type FactSource, WHOLE_TURN } from '../../model/vocabulary.ts';
import type { GroupedTurn } from './grouped.ts';
import { keyOf } from './span-tree.ts';

/** A turn of a call with its row. */
export interface RowOfTurn {
  readonly turn: GroupedTurn;
  readonly row: CallLogRow;
}

/** The facts of a call that are of spans, and who told the others; undefined where all are of spans. */
export interface Told {
  readonly ofSpans: readonly Fact[];
  readonly by: FactSource;
}

/** What names a turn, and is no figure of it. */
const NAMES: ReadonlySet<string> = new Set(['tenant', 'call_id', 'turn_index', 'trace_id', 'sources']);
const COLUMNS = (Object.keys(LOG_COLUMNS) as (keyof CallLogRow)[]).filter((column) => !NAMES.has(column));

/** Divides what spans tell of a call from what was reported of it when it was over. */
export function toldBySpans(facts: readonly Fact[]): Told | undefined {
  const platforms = new Set(facts.flatMap((fact) => (isPlatforms(fact) ? [fact.platform] : [])));
  const isReport = (fact: Fact) => fact.type === 'said' || (fact.type === 'call' && fact.reported === true);
  const isPlatform = ({ serviceName }: Fact) => serviceName !== undefined && platforms.has(serviceName);
  const ofSpans = facts.filter((fact) => !isReport(fact) && !isPlatform(fact));
  if (ofSpans.length === facts.length) return undefined;
  return { ofSpans, by: facts.some(isReport) ? 'report' : 'platform' };
}

const isPlatforms = (fact: Fact): fact is CallFact & { platform: string } =>
  fact.type === 'call' && fact.platform !== undefined;

/**
 * Says of each turn which of its columns its spans alone would not give, or would give otherwise.
 * @param turns - of all that is known of the call
 * @param ofSpans - of its spans alone
 */
export function withTurnSources(
  turns: readonly RowOfTurn[],
  ofSpans: readonly RowOfTurn[],
  by: FactSource,
): CallLogRow[] {
  const rows = new Map(ofSpans.flatMap(({ turn, row }) => keysOf(turn).map((key) => [key, row] as const)));
  return turns.map(({ turn, row }) => {
    const same = keysOf(turn).find((key) => rows.has(key));
    const told = same === undefined ? undefined : rows.get(same);
    if (told === undefined) return { ...row, sources: { [WHOLE_TURN]: by } };
    const others = COLUMNS.filter((column) => row[column] !== null && !isEqual(row[column], told[column]));
    return others.length === 0
      ? row
      : { ...row, sources: Object.fromEntries(others.map((column) => [column, by])) };
  });
}

/** The spans of a turn: one of them is enough to know it by. */
const keysOf = ({ spans = [], stages }: GroupedTurn): string[] => [...spans, ...stages.map(keyOf)];

/** Money is the same whatever its object is. */
const isEqual = (one: unknown, other: unknown): boolean =>
  one === other || (one !== null && other !== null && String(one) === String(other));
