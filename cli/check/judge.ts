import { FIGURE_NAMES, FIGURES, type FigureName, type Figures } from './figures.ts';

export type Limits = Readonly<Partial<Record<FigureName, number>>>;

/** What an earlier check found, and by which share a figure may be worse. */
export interface Baseline {
  readonly figures: Readonly<Partial<Record<FigureName, number>>>;
  readonly tolerance: number;
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
  readonly limit: number;
  /** Where the limit comes from. */
  readonly from: 'limit' | 'baseline';
  readonly count: number;
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
    return [
      ...(given === undefined ? [] : [verdictOf(name, figures, given, 'limit', needs)]),
      ...(baseline === undefined || before === undefined
        ? []
        : [verdictOf(name, figures, worseBy(name, before, baseline.tolerance), 'baseline', needs)]),
    ];
  });
}

const isAtLeast = (name: FigureName): boolean => 'atLeast' in FIGURES[name];

const worseBy = (name: FigureName, value: number, share: number): number =>
  value * (isAtLeast(name) ? 1 - share : 1 + share);

function verdictOf(
  figure: FigureName,
  figures: Figures,
  limit: number,
  from: Verdict['from'],
  needs: Needs,
): Verdict {
  const { value, count, lowerBound } = figures[figure];
  const { of } = FIGURES[figure];
  const base = { figure, value, limit, from, count } as const;
  if (count < needs[of])
    return { ...base, status: 'unknown', note: `too few ${of}: ${count}, needs ${needs[of]}` };
  if (value === null) return { ...base, status: 'unknown', note: 'not known of any' };
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
