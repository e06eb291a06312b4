import { type BootstrapOptions, bootstrapping } from '../statistics/bootstrap.ts';
import { figuresOfClusters, type Statistic } from '../statistics/clusters.ts';
import type { CallSample } from '../store/views/index.ts';
import { FIGURE_NAMES, type FigureName } from './figures.ts';

/** Where a figure of calls like these is likely to be. */
export type Interval = readonly [low: number, high: number];
export type Intervals = Readonly<Partial<Record<FigureName, Interval>>>;

/** Fewer calls resemble no others. */
const LEAST_CALLS = 20;
/** How often the interval holds the figure. */
const LEVEL = 0.95;

const silences = ({ silences: all }: CallSample): number[] => all.map(([whole = 0]) => whole);

/** The figures as they are of samples; those that are counts have no interval. */
const STATISTICS: Readonly<Record<Exclude<FigureName, 'unpriced'>, Statistic<CallSample>>> = {
  'silence-p50': { kind: 'quantile', of: silences, fraction: 0.5 },
  'silence-p95': { kind: 'quantile', of: silences, fraction: 0.95 },
  'cost-per-minute': { kind: 'ratio', of: ({ cost, seconds }) => [cost ?? 0, seconds / 60] },
  'cost-per-call': { kind: 'ratio', of: ({ cost }) => [cost ?? 0, 1] },
  'interruption-rate': {
    kind: 'ratio',
    of: ({ interruptions, turns }) => (interruptions === null ? undefined : [interruptions, turns]),
  },
  'success-rate': {
    kind: 'ratio',
    of: ({ outcome }) => (outcome === null ? undefined : [outcome === 'SUCCESS' ? 1 : 0, 1]),
  },
};

/**
 * The 95 % interval of each of these figures: percentile bootstrap by call, in pieces, where other work is to go on in
 * between. Without those that so few calls say nothing of.
 */
export function* intervalsOf(
  samples: readonly CallSample[],
  names: readonly FigureName[],
  options?: BootstrapOptions,
): Generator<void, Intervals> {
  const asked = FIGURE_NAMES.filter(
    (name): name is keyof typeof STATISTICS => name !== 'unpriced' && names.includes(name),
  );
  if (samples.length < LEAST_CALLS || asked.length === 0) return {};
  const figures = figuresOfClusters(
    samples,
    asked.map((name) => STATISTICS[name]),
  );
  const estimates = yield* bootstrapping(
    samples.length,
    (drawn) => {
      const weights = new Uint16Array(samples.length);
      for (const call of drawn) weights[call] = (weights[call] as number) + 1;
      const values = figures(weights);
      return Object.fromEntries(asked.map((name, index) => [name, values[index] ?? Number.NaN])) as Record<
        (typeof asked)[number],
        number
      >;
    },
    { level: LEVEL, ...options },
  );
  return Object.fromEntries(
    asked.flatMap((name) => {
      const { low, high } = estimates[name];
      return Number.isNaN(low) ? [] : [[name, [low, high]]];
    }),
  );
}
