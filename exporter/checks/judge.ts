import { FIGURE_NAMES, FIGURES, type FigureName, type Figures } from './figures.ts';
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
export interface Verdict {
  readonly figure: FigureName;
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
  readonly note?: string;
}

/** Judges figures by limits, and by those of an earlier check, in the order of `FIGURES`. Pure. */
export function judge(
  figures: Figures,
  limits: Limits,
  { baseline, needs }: { baseline?: Baseline | undefined; needs: Needs },
): Verdict[] {
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

const isAtLeast = (name: FigureName): boolean => 'atLeast' in FIGURES[name];

const worseBy = (name: FigureName, value: number, share: number): number =>
  value * (isAtLeast(name) ? 1 - share : 1 + share);

const unknownOf = (figure: FigureName, figures: Figures, missing: string): Verdict => ({
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

function tooFew(figure: FigureName, count: number, needs: Needs): string | undefined {
  const { of } = FIGURES[figure];
  return count < needs[of] ? `too few ${of}: ${count}, needs ${needs[of]}` : undefined;
}

const NOT_KNOWN = 'not known of any';

function verdictOf(
  figure: FigureName,
  figures: Figures,
  limit: number,
  from: Verdict['from'],
  needs: Needs,
): Verdict {
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
