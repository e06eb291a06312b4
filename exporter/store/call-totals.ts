import type { Decimal } from 'decimal.js';
import { COST_PARTS, type CostPart, type Outcome, SEGMENTS, type Segment } from '../../model/vocabulary.ts';
import { sumUsd, Usd } from '../pricing/money.ts';
import type { Database } from './database.ts';
import type { SqlPart } from './filter.ts';
import { type OverTarget, overTargetOf, rolledOverTarget } from './over-target.ts';
import { type CallSums, rolledFigures } from './rolled-totals.ts';
import { rolledUp } from './rollups/read.ts';
import {
  aggregate,
  type CallFigures,
  callCount,
  callFigures,
  type ModelSpeed,
  type TurnFigures,
  type TurnFiguresOfRows,
  turnFigures,
  turnsOf,
  unpricedNames,
} from './totals-statements.ts';
import { type CallSelection, selectionCondition } from './views/selection.ts';

/** What all calls of a filter come to together. Null: nothing of it is known. */
export interface CallTotals {
  calls: number;
  turns: number;
  /** Figures of turns, here from `silence` on, are of one call in so many; 1: of all. */
  every: number;
  outcomes: Readonly<Partial<Record<Outcome | 'unknown', number>>>;
  /** Of all calls together. */
  durationSeconds: number;
  /** Turns of the calls in which interruptions are known. */
  judgedTurns: number;
  interruptions: number | null;
  unanswered: number | null;
  /** Of the components that have a price. */
  cost: Decimal | null;
  costs: Readonly<Record<CostPart, Decimal | null>>;
  /** Calls without any cost, and calls whose cost is a lower bound. */
  callsWithoutCost: number;
  callsUnpriced: number;
  /** What had no price, by name: the first ones. */
  unpriced: readonly string[];
  /** Over the turns in which the silence is known, in seconds. */
  silence: { turns: number; p50: number | null; p95: number | null; max: number | null };
  /** Turns of these whose playback was not seen, and turns whose usage is an estimate. */
  estimatedTurns: number;
  estimatedUsageTurns: number;
  /** Seconds of silence by segment, over the turns in which the silence is known. */
  segments: Readonly<Record<Segment, number>>;
  /** The slowest first. */
  models: readonly ModelSpeed[];
  overTarget: OverTarget;
}

export interface CallTotalsOptions {
  /** Of more calls, the turns of half as many or fewer are looked at. (Default: 10,000.) */
  allTurnsOfCalls?: number;
  /** The silence beyond which a turn is slow. (Default: that of EARSHOT_LATENCY_TARGET without a setting, 1.2.) */
  targetSeconds?: number;
}

/** Calls whose turns are all looked at; of more, the turns of half as many or fewer, which give figures to within some two percent. */
const ALL_TURNS_OF_CALLS = 10_000;
const TARGET_SECONDS = 1.2;

/**
 * What the calls of a filter come to, from rollups where they tell it and there are many. Else from rows: counts, costs and
 * the longest silence are exact, over all of them, whatever their number; what comes from their turns is of every call up to
 * 10,000 and of one in `every` beyond. No statement sorts or joins more than that.
 */
export async function callTotals(
  db: Database,
  filter: CallSelection,
  { allTurnsOfCalls = ALL_TURNS_OF_CALLS, targetSeconds = TARGET_SECONDS }: CallTotalsOptions = {},
): Promise<CallTotals> {
  const source = (await rolledUp(db, filter))?.over();
  if (source !== undefined) {
    const [{ calls, outcomes, turns, unpriced }, overTarget] = await Promise.all([
      rolledFigures(db, source),
      rolledOverTarget(db, source, targetSeconds),
    ]);
    return totalsOf([calls], { outcomes, turns, unpriced, every: 1, overTarget });
  }
  const condition = selectionCondition(filter);
  const every = await sampleOf(db, condition, allTurnsOfCalls);
  const [calls, unpriced, [turns]] = await Promise.all([
    aggregate<CallFigures>(db, callFigures(condition)),
    aggregate<{ name: string }>(db, unpricedNames(condition)),
    aggregate<TurnFiguresOfRows>(db, turnFigures(turnsOf(filter, every), targetSeconds)),
  ]);
  return totalsOf(calls, {
    outcomes: Object.fromEntries(calls.map((row) => [row.outcome, row.calls])),
    turns,
    unpriced: unpriced.map(({ name }) => name),
    every,
    overTarget: overTargetOf(targetSeconds, turns?.over ?? []),
  });
}

interface Besides extends Pick<CallTotals, 'outcomes' | 'unpriced' | 'every' | 'overTarget'> {
  turns: TurnFigures | undefined;
}

function totalsOf(
  calls: readonly CallSums[],
  { outcomes, turns: turn, unpriced, every, overTarget }: Besides,
): CallTotals {
  const count = sum(calls.map((row) => row.calls)) ?? 0;
  const money = (column: `cost_${CostPart | 'total'}`) =>
    sumUsd(calls.map((row) => (row[column] === null ? undefined : new Usd(row[column])))) ?? null;
  return {
    calls: count,
    every,
    turns: sum(calls.map((row) => row.turns)) ?? 0,
    outcomes,
    durationSeconds: (sum(calls.map((row) => row.duration_us)) ?? 0) / 1e6,
    judgedTurns: sum(calls.map((row) => row.judged_turns)) ?? 0,
    interruptions: sum(calls.map((row) => row.interruptions)),
    unanswered: sum(calls.map((row) => row.unanswered)),
    cost: money('cost_total'),
    costs: Object.fromEntries(COST_PARTS.map((part) => [part, money(`cost_${part}`)])) as CallTotals['costs'],
    callsWithoutCost: sum(calls.map((row) => row.without_cost)) ?? 0,
    callsUnpriced: sum(calls.map((row) => row.unpriced)) ?? 0,
    unpriced,
    silence: {
      turns: turn?.turns ?? 0,
      p50: turn?.p50 ?? null,
      p95: turn?.p95 ?? null,
      max: calls.reduce<number | null>(
        (longest, row) =>
          row.longest_silence === null ? longest : Math.max(longest ?? 0, row.longest_silence),
        null,
      ),
    },
    estimatedTurns: turn?.estimated ?? 0,
    estimatedUsageTurns: turn?.estimated_usage ?? 0,
    segments: Object.fromEntries(
      SEGMENTS.map((segment) => [segment, turn?.[`segment_${segment}`] ?? 0]),
    ) as CallTotals['segments'],
    models: turn?.models ?? [],
    overTarget,
  };
}

/** Of one call in how many the turns are looked at. */
async function sampleOf(db: Database, condition: SqlPart, allTurnsOfCalls: number): Promise<number> {
  const [row] = await aggregate<{ calls: number }>(db, callCount(condition));
  const calls = row?.calls ?? 0;
  return calls <= allTurnsOfCalls ? 1 : Math.ceil((2 * calls) / allTurnsOfCalls);
}

/** Over those that are known; null when none is. */
function sum(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((a, b) => a + b);
}
