import type { BootstrapOptions } from '../statistics/bootstrap.ts';
import type { CallSample } from '../store/views/index.ts';
import { type CheckedTotals, FIGURE_NAMES, type FigureName, figuresOf } from './figures.ts';
import { intervalsOf } from './intervals.ts';
import { type Baseline, baselineOf, judge, type Limits, type Needs, type Verdict } from './judge.ts';

/** Fewer turns, or calls, are not judged. */
export const NEEDS: Needs = { turns: 30, calls: 10 };

/** What is held against what. */
export interface CheckedCalls {
  /** What the calls come to. */
  readonly totals: CheckedTotals;
  /** The same calls for intervals; of many a part. */
  readonly samples: readonly CallSample[];
  readonly limits: Limits;
  /** (Default: 30 turns, 10 calls.) */
  readonly needs?: Needs;
  /** Calls, or figures of an earlier check, that none may be worse than by more than the tolerance. */
  readonly baseline?:
    | { readonly tolerance: number; readonly totals: CheckedTotals }
    | { readonly tolerance: number; readonly figures: Baseline['figures'] }
    | undefined;
}

/** What a check says. */
export interface Check {
  /** Null: not known. */
  readonly figures: Readonly<Record<FigureName, number | null>>;
  readonly verdicts: readonly Verdict<FigureName>[];
}

/** Holds calls against limits, in pieces: where other work is to go on in between. Pure. */
export function* checking(
  { totals, samples, limits, baseline, needs = NEEDS }: CheckedCalls,
  options?: BootstrapOptions,
): Generator<void, Check> {
  const figures = figuresOf(totals);
  const than: Baseline | undefined =
    baseline === undefined || 'figures' in baseline
      ? baseline
      : baselineOf(figuresOf(baseline.totals), baseline.tolerance, needs);
  const verdicts = judge(figures, limits, { baseline: than, needs });
  const judged = verdicts.filter(({ status }) => status !== 'unknown').map(({ figure }) => figure);
  const intervals = yield* intervalsOf(samples, judged, options);
  return {
    figures: Object.fromEntries(FIGURE_NAMES.map((name) => [name, figures[name].value])) as Check['figures'],
    verdicts: verdicts.map((verdict) => {
      const interval = verdict.status === 'unknown' ? undefined : intervals[verdict.figure];
      return interval === undefined ? verdict : { ...verdict, interval };
    }),
  };
}
