import { OUTCOMES, SEGMENTS } from '../../model/vocabulary.ts';
import type { Statistic } from '../statistics/clusters.ts';
import type { CallSample } from '../store/views/index.ts';

/** A figure that calls are compared by. */
export interface ComparedFigure {
  /** As JSON has it: `silence_p95`. */
  readonly name: string;
  /** As people read it: `silence p95`. */
  readonly title: string;
  readonly unit: 'seconds' | 'USD' | 'ratio' | 'score';
  /** What less of it is. */
  readonly less: 'better' | 'worse' | 'other';
  /** What it is of, and how many of them each side needs. */
  readonly of: 'turns' | 'calls';
  readonly needs: number;
  readonly statistic: Statistic<CallSample>;
}

/** Fewer calls resemble no others: a bootstrap by call needs some. */
export const LEAST_CALLS = 20;
const LEAST_TURNS = 30;
/** A 95th percentile of fewer is that of the few slowest. */
const LEAST_TURNS_OF_P95 = 100;

const p95 = (name: string, title: string, of: (call: CallSample) => readonly number[]): ComparedFigure => ({
  name: `${name}_p95`,
  title: `${title} p95`,
  unit: 'seconds',
  less: 'better',
  of: 'turns',
  needs: LEAST_TURNS_OF_P95,
  statistic: { kind: 'quantile', of, fraction: 0.95 },
});

const mean = (name: string, title: string, of: (call: CallSample) => readonly number[]): ComparedFigure => ({
  name: `${name}_mean`,
  title: `${title} mean`,
  unit: 'seconds',
  less: 'better',
  of: 'turns',
  needs: LEAST_TURNS,
  statistic: { kind: 'ratio', of: (call) => [sum(of(call)), call.silences.length] },
});

const silence = ({ silences }: CallSample): number[] => silences.map(([whole = 0]) => whole);

const SILENCE: readonly ComparedFigure[] = [
  {
    ...p95('silence', 'silence', silence),
    name: 'silence_p50',
    title: 'silence p50',
    needs: LEAST_TURNS,
    statistic: { kind: 'quantile', of: silence, fraction: 0.5 },
  },
  p95('silence', 'silence', silence),
  mean('silence', 'silence', silence),
];

/** Means of segments add up to the mean of the silence; their percentiles do not. */
const OF_SEGMENTS: readonly ComparedFigure[] = SEGMENTS.flatMap((segment, index) => {
  const of = ({ silences }: CallSample): number[] => silences.map((parts) => parts[index + 1] ?? 0);
  return [mean(`segment_${segment}`, segment, of), p95(`segment_${segment}`, segment, of)];
});

const OF_CALLS = { of: 'calls', needs: LEAST_CALLS } as const;

const COSTS: readonly ComparedFigure[] = [
  {
    ...OF_CALLS,
    name: 'cost_per_minute',
    title: 'cost of a minute',
    unit: 'USD',
    less: 'better',
    statistic: {
      kind: 'ratio',
      of: ({ cost, seconds }) => (cost === null ? undefined : [cost, seconds / 60]),
    },
  },
  {
    ...OF_CALLS,
    name: 'cost_per_call',
    title: 'cost of a call',
    unit: 'USD',
    less: 'better',
    statistic: { kind: 'ratio', of: ({ cost }) => (cost === null ? undefined : [cost, 1]) },
  },
];

const OTHERS: readonly ComparedFigure[] = [
  {
    name: 'interruption_rate',
    title: 'interruptions, by turns',
    unit: 'ratio',
    less: 'better',
    of: 'turns',
    needs: LEAST_TURNS,
    statistic: {
      kind: 'ratio',
      of: ({ interruptions, turns }) => (interruptions === null ? undefined : [interruptions, turns]),
    },
  },
  ...OUTCOMES.map((outcome) => ({
    ...OF_CALLS,
    name: `outcome_${outcome.toLowerCase()}`,
    title: `${outcome}, where known`,
    unit: 'ratio' as const,
    less:
      outcome === 'SUCCESS'
        ? ('worse' as const)
        : outcome === 'FAIL'
          ? ('better' as const)
          : ('other' as const),
    statistic: {
      kind: 'ratio' as const,
      of: (call: CallSample) =>
        call.outcome === null ? undefined : ([call.outcome === outcome ? 1 : 0, 1] as const),
    },
  })),
];

export const COMPARED_FIGURES: readonly ComparedFigure[] = [...SILENCE, ...OF_SEGMENTS, ...COSTS, ...OTHERS];

/** Names of scores that are compared, at most: those that most calls have. */
const MOST_SCORES = 20;

/** The mean of each score of calls. Whether more of it is better, its name does not say. */
export function scoreFigures(calls: readonly CallSample[]): ComparedFigure[] {
  const counts = new Map<string, number>();
  for (const { scores } of calls)
    for (const name of Object.keys(scores ?? {})) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .sort(([a, first], [b, second]) => second - first || (a < b ? -1 : 1))
    .slice(0, MOST_SCORES)
    .map(([name]) => name)
    .sort()
    .map((name) => ({
      ...OF_CALLS,
      name: `score_${name}`,
      title: `score ${name}, mean`,
      unit: 'score',
      less: 'other',
      statistic: {
        kind: 'ratio',
        of: ({ scores }) => {
          const value = scores !== undefined && Object.hasOwn(scores, name) ? scores[name] : undefined;
          return value === undefined ? undefined : [value, 1];
        },
      },
    }));
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
