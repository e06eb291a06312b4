import type { CallTotals } from '../store/call-totals.ts';

/** How a figure is written, and what of it is enough to be judged by. */
export interface FigureKind {
  /** As its limit is given. */
  readonly unit: 'seconds' | 'USD' | 'ratio' | 'count' | 'score';
  /** What of it there are too few of: a figure of seven turns says little. */
  readonly of: 'turns' | 'calls';
  /** The limit is the least, and not the most, that it may be. */
  readonly atLeast?: true;
  /** In the help: what it is. */
  readonly what: string;
}

/** Every figure that can have a limit, by the name of its option. */
export const FIGURES = {
  'silence-p50': { unit: 'seconds', of: 'turns', what: 'median silence before an answer: 600ms' },
  'silence-p95': { unit: 'seconds', of: 'turns', what: '95th percentile of it: 900ms, 1.2s' },
  'cost-per-minute': { unit: 'USD', of: 'calls', what: 'cost of all calls by their minutes: 0.05' },
  'cost-per-call': { unit: 'USD', of: 'calls', what: 'mean cost of a call: 0.20' },
  'interruption-rate': {
    unit: 'ratio',
    of: 'turns',
    what: 'turns in which the user cut the agent off, by turns in which it is known: 0.1 or 10%',
  },
  'success-rate': {
    unit: 'ratio',
    of: 'calls',
    atLeast: true,
    what: 'calls with the outcome SUCCESS, by calls whose outcome is known; at least: 80%',
  },
  unpriced: { unit: 'count', of: 'calls', what: 'calls of which something had no price: 0' },
} as const satisfies Readonly<Record<string, FigureKind>>;

export type FigureName = keyof typeof FIGURES;
/** The mean of a score that was given to calls. */
export type ScoreFigure = `score ${string}`;
export const FIGURE_NAMES = Object.keys(FIGURES) as readonly FigureName[];

const SCORE: FigureKind = { unit: 'score', of: 'calls', what: 'mean of a score' };

export const kindOf = (figure: FigureName | ScoreFigure): FigureKind =>
  Object.hasOwn(FIGURES, figure) ? FIGURES[figure as FigureName] : SCORE;

/** What a figure is. */
export interface Figure {
  /** Null: not known. */
  readonly value: number | null;
  /** How many turns, or calls, it is of. */
  readonly count: number;
  /** It is this much at least: something had no price. */
  readonly lowerBound?: true;
}

export type Figures = Readonly<Record<FigureName, Figure>>;

/** What of the totals of calls can have a limit. */
export interface CheckedTotals
  extends Pick<
    CallTotals,
    | 'calls'
    | 'cost'
    | 'durationSeconds'
    | 'interruptions'
    | 'judgedTurns'
    | 'outcomes'
    | 'callsUnpriced'
    | 'callsWithoutCost'
  > {
  readonly silence: Pick<CallTotals['silence'], 'turns' | 'p50' | 'p95'>;
}

/** The figures of calls. */
export function figuresOf(totals: CheckedTotals): Figures {
  const { silence, calls, cost, durationSeconds, interruptions, judgedTurns, outcomes } = totals;
  const known = calls - (outcomes.unknown ?? 0);
  const bound = totals.callsUnpriced > 0 || totals.callsWithoutCost > 0;
  const costBy = (by: number): Figure => ({
    value: cost === null || by <= 0 ? null : cost.dividedBy(by).toNumber(),
    count: calls,
    ...(bound && { lowerBound: true }),
  });
  return {
    'silence-p50': { value: silence.p50, count: silence.turns },
    'silence-p95': { value: silence.p95, count: silence.turns },
    'cost-per-minute': costBy(durationSeconds / 60),
    'cost-per-call': costBy(calls),
    'interruption-rate': {
      value: interruptions === null || judgedTurns === 0 ? null : interruptions / judgedTurns,
      count: judgedTurns,
    },
    'success-rate': { value: known === 0 ? null : (outcomes.SUCCESS ?? 0) / known, count: known },
    unpriced: { value: totals.callsUnpriced, count: calls },
  };
}
