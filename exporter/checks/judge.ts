import {
  FIGURE_NAMES,
  type Figure,
  type FigureName,
  type Figures,
  kindOf,
  type ScoreFigure,
} from './figures.ts';
import type { Interval } from './intervals.ts';

export type Limits = Readonly<Partial<Record<FigureName, number>>>;

/** What other calls came to, and by which share a figure may be worse. */
export interface Baseline {
  readonly figures: Readonly<Partial<Record<FigureName, number>>>;
  readonly tolerance: number;
  /** Why figures that it should have are not in it. */
  readonly missing?: Readonly<Partial<Record<FigureName, string>>>;
}

export interface Needs {
  readonly turns: number;
  readonly calls: number;
}

/** The verdict on one figure. */
export interface Verdict<Name extends string = FigureName | ScoreFigure> {
  readonly figure: Name;
  /** `unknown`: nothing can be said; why is in `note`. */
  readonly status: 'holds' | 'broken' | 'unknown';
  readonly value: number | null;
  /** Null: the baseline does not say. */
  readonly limit: number | null;
  /** Where the limit comes from. */
  readonly from: 'limit' | 'baseline';
  readonly count: number;
  /** Where the figure of calls like these is likely to be, in 95 of 100 samples; absent: too few calls, or it is a count. */
  readonly interval?: Interval;
  /** Of a score: what its limit is. Of another figure its name says it. */
  readonly bound?: 'at_least' | 'at_most';
  readonly note?: string;
}

/** What the mean of a score has to be. */
export interface ScoreLimit {
  readonly name: string;
  readonly bound: 'at_least' | 'at_most';
  readonly limit: number;
}

/** Judges figures by limits, and by those of an earlier check, in the order of `FIGURES`. Pure. */
export function judge(
  figures: Figures,
  limits: Limits,
  { baseline, needs }: { baseline?: Baseline | undefined; needs: Needs },
): Verdict<FigureName>[] {
  return FIGURE_NAMES.flatMap((name) => {
    const given = limits[name];
    const before = baseline?.figures[name];
    const missing = baseline?.missing?.[name];
    return [
      ...(given === undefined ? [] : [verdictOf(name, figures, given, 'limit', needs)]),
      ...(baseline === undefined || before === undefined
        ? []
        : [verdictOf(name, figures, worseBy(name, before, baseline.tolerance), 'baseline', needs)]),
      ...(missing === undefined ? [] : [unknownOf(name, figures, missing)]),
    ];
  });
}

/** Judges the means of scores, in the order of their limits. Pure. @param scores - by name; one that is not there was given to no call */
export function judgeScores(
  limits: readonly ScoreLimit[],
  scores: ReadonlyMap<string, Figure>,
  needs: Needs,
): Verdict[] {
  return limits.map(({ name, bound, limit }) => {
    const figure = scores.get(name) ?? { value: null, count: 0 };
    const base = { figure: `score ${name}`, ...figure, limit, from: 'limit', bound } as const;
    const few = tooFew(base.figure, figure.count, needs);
    if (few !== undefined || figure.value === null)
      return { ...base, status: 'unknown', note: few ?? NOT_KNOWN };
    const holds = bound === 'at_least' ? figure.value >= limit : figure.value <= limit;
    return { ...base, status: holds ? 'holds' : 'broken' };
  });
}

const isAtLeast = (name: FigureName): boolean => kindOf(name).atLeast === true;

const worseBy = (name: FigureName, value: number, share: number): number =>
  value * (isAtLeast(name) ? 1 - share : 1 + share);

const unknownOf = (figure: FigureName, figures: Figures, missing: string): Verdict<FigureName> => ({
  figure,
  status: 'unknown',
  value: figures[figure].value,
  limit: null,
  from: 'baseline',
  count: figures[figure].count,
  note: `baseline: ${missing}`,
});

/** The figures of other calls as a baseline; those that say nothing are missing. */
export function baselineOf(figures: Figures, tolerance: number, needs: Needs): Baseline {
  const known: Partial<Record<FigureName, number>> = {};
  const missing: Partial<Record<FigureName, string>> = {};
  for (const name of FIGURE_NAMES) {
    const { value, count } = figures[name];
    const few = tooFew(name, count, needs);
    if (few === undefined && value !== null) known[name] = value;
    else missing[name] = few ?? NOT_KNOWN;
  }
  return { figures: known, tolerance, missing };
}

function tooFew(figure: FigureName | ScoreFigure, count: number, needs: Needs): string | undefined {
  const { of } = kindOf(figure);
  return count < needs[of] ? `too few ${of}: ${count}, needs ${needs[of]}` : undefined;
}

const NOT_KNOWN = 'not known of any';

function verdictOf(
  figure: FigureName,
  figures: Figures,
  limit: number,
  from: Verdict['from'],
  needs: Needs,
): Verdict<FigureName> {
  const { value, count, lowerBound } = figures[figure];
  const base = { figure, value, limit, from, count } as const;
  const few = tooFew(figure, count, needs);
  if (few !== undefined) return { ...base, status: 'unknown', note: few };
  if (value === null) return { ...base, status: 'unknown', note: NOT_KNOWN };
  const holds = isAtLeast(figure) ? value >= limit : value <= limit;
  return {
    ...base,
    status: holds ? 'holds' : 'broken',
    ...(lowerBound && { note: 'at least: something had no price, or no known usage' }),
  };
}

/** 1: a limit is broken. 2: none is, and something could not be judged. */
export function exitCodeOf(verdicts: readonly Verdict[]): 0 | 1 | 2 {
  if (verdicts.some(({ status }) => status === 'broken')) return 1;
  return verdicts.some(({ status }) => status === 'unknown') ? 2 : 0;
}
