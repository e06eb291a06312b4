import { finished } from '../statistics/pieces.ts';
import { comparingSamples, type TwoSamples, type TwoSamplesOptions } from '../statistics/two-samples.ts';
import type { CallSample } from '../store/views/index.ts';
import { COMPARED_FIGURES, type ComparedFigure, LEAST_CALLS, scoreFigures } from './figures.ts';

/**
 * What is said of a difference. `same`: its whole interval is too near to 0 to matter. `better`, `worse`, `other`: else, it is
 * on one side of 0. `unclear`: neither is shown. `too_few`, `unknown`: nothing is said.
 */
export type Judgment = 'better' | 'worse' | 'other' | 'same' | 'unclear' | 'too_few' | 'unknown';

/** A figure of two selections of calls. Null: not known. */
export interface FigureDifference extends Pick<ComparedFigure, 'name' | 'title' | 'unit'> {
  readonly a: number | null;
  readonly b: number | null;
  /** `b` − `a`. */
  readonly difference: number | null;
  /** Holds the true difference in 95 of 100 comparisons. */
  readonly interval: readonly [low: number, high: number] | null;
  readonly judgment: Judgment;
  /** How many turns, or calls, it is of. */
  readonly of: { readonly unit: 'turns' | 'calls'; readonly a: number; readonly b: number };
  /** Why nothing is said. */
  readonly note?: string;
}

/** No one decides by a difference that is smaller: this share of what it was, and of a share so many points. */
const MATTERS = { relative: 0.03, points: 0.01 } as const;

/** Compares the figures of two selections of calls. Figures of which neither knows anything are left out. Pure. */
export const compareCalls = (
  a: readonly CallSample[],
  b: readonly CallSample[],
  options?: TwoSamplesOptions,
): FigureDifference[] => finished(comparingCalls(a, b, options));

/** The same in pieces: where other work is to go on in between. */
export function* comparingCalls(
  a: readonly CallSample[],
  b: readonly CallSample[],
  options?: TwoSamplesOptions,
): Generator<void, FigureDifference[]> {
  const both = [...a, ...b];
  const figures = [...COMPARED_FIGURES, ...scoreFigures(both)].filter((figure) =>
    both.some((call) => countOf(figure, call) > 0),
  );
  const statistics = Object.fromEntries(figures.map(({ name, statistic }) => [name, statistic]));
  const found = yield* comparingSamples(a, b, statistics, options);
  return figures
    .map((figure) => differenceOf(figure, found[figure.name], a, b))
    .filter(({ a, b, name }) => !(isRare(name) && (a ?? 0) === 0 && (b ?? 0) === 0));
}

/** Outcomes and segments that there are not. */
const isRare = (name: string): boolean => name.startsWith('outcome_') || name.startsWith('segment_');

function differenceOf(
  figure: ComparedFigure,
  found: TwoSamples | undefined,
  a: readonly CallSample[],
  b: readonly CallSample[],
): FigureDifference {
  const { name, title, unit, of } = figure;
  const [ofA, ofB] = [a, b].map((calls) => counted(figure, calls)) as [Counted, Counted];
  const base = {
    name,
    title,
    unit,
    of: { unit: of, a: ofA[of], b: ofB[of] },
    a: numberOrNull(found?.a),
    b: numberOrNull(found?.b),
    difference: numberOrNull(found?.difference),
  };
  const few = tooFew(figure, ofA, ofB);
  if (few !== undefined) return { ...base, interval: null, judgment: 'too_few', note: few };
  if (found === undefined || Number.isNaN(found.low))
    return { ...base, interval: null, judgment: 'unknown', note: 'not known of enough calls' };
  return { ...base, interval: [found.low, found.high], judgment: judgmentOf(figure, found) };
}

interface Counted {
  turns: number;
  calls: number;
}

/** How many turns a figure is of, and of how many calls they are. */
function counted(figure: ComparedFigure, calls: readonly CallSample[]): Counted {
  const counts = calls.map((call) => countOf(figure, call)).filter((count) => count > 0);
  return { turns: counts.reduce((sum, count) => sum + count, 0), calls: counts.length };
}

function countOf({ of, name, statistic }: ComparedFigure, call: CallSample): number {
  if (of === 'turns' && name !== 'interruption_rate') return call.silences.length;
  if (statistic.kind !== 'ratio' || statistic.of(call) === undefined) return 0;
  return of === 'turns' ? call.turns : 1;
}

function tooFew({ of, needs }: ComparedFigure, a: Counted, b: Counted): string | undefined {
  const [few, fewer] = [a, b].map((side) => side[of]) as [number, number];
  if (Math.min(few, fewer) < needs)
    return `too few ${of}: ${few < fewer ? `${few} of A` : `${fewer} of B`}, needs ${needs}`;
  if (Math.min(a.calls, b.calls) >= LEAST_CALLS) return undefined;
  return `too few calls: ${a.calls < b.calls ? `${a.calls} of A` : `${b.calls} of B`}, needs ${LEAST_CALLS}`;
}

function judgmentOf({ less, unit }: ComparedFigure, { a, low, high }: TwoSamples): Judgment {
  const matters = unit === 'ratio' ? MATTERS.points : MATTERS.relative * Math.abs(a);
  if (Math.max(-low, high) <= matters) return 'same';
  if (low <= 0 && high >= 0) return 'unclear';
  if (less === 'other') return 'other';
  return high < 0 === (less === 'better') ? 'better' : 'worse';
}

const numberOrNull = (value = Number.NaN): number | null => (Number.isNaN(value) ? null : value);
