import { figuresOfClusters, type Statistic } from './clusters.ts';
import { finished } from './pieces.ts';
import { quantile } from './quantile.ts';
import { type Random, seeded } from './random.ts';

/** How far apart a figure of two samples is. */
export interface TwoSamples {
  /** NaN: not known. */
  readonly a: number;
  readonly b: number;
  /** `b` − `a`. */
  readonly difference: number;
  /** Where the difference is likely to be. NaN: the samples do not say. */
  readonly low: number;
  readonly high: number;
}

export interface TwoSamplesOptions {
  /** The same seed gives the same intervals. (Default: 1.) */
  readonly seed?: number;
  /** Pairs of samples that are drawn. (Default: 1000.) */
  readonly replicates?: number;
  /** How often the interval holds the true difference. (Default: 0.95.) */
  readonly level?: number;
}

/** A figure that is not known in more of the replicates has no interval. */
const MOST_UNKNOWN = 0.1;

/**
 * Differences of figures between two samples of clusters, with intervals: percentile bootstrap by cluster (Efron and
 * Tibshirani 1993), each sample drawn again on its own. Quantiles interpolate linearly, as `percentile_cont` of PostgreSQL.
 *
 * Clusters are weighted and not copied, so that values are sorted once: a replicate costs one pass over the values.
 */
export const compareSamples = <Cluster, Name extends string>(
  a: readonly Cluster[],
  b: readonly Cluster[],
  statistics: Readonly<Record<Name, Statistic<Cluster>>>,
  options?: TwoSamplesOptions,
): Record<Name, TwoSamples> => finished(comparingSamples(a, b, statistics, options));

/** The same in pieces: where other work is to go on in between. */
export function* comparingSamples<Cluster, Name extends string>(
  a: readonly Cluster[],
  b: readonly Cluster[],
  statistics: Readonly<Record<Name, Statistic<Cluster>>>,
  { seed = 1, replicates = 1_000, level = 0.95 }: TwoSamplesOptions = {},
): Generator<void, Record<Name, TwoSamples>> {
  const names = Object.keys(statistics) as Name[];
  const sides = [a, b].map((clusters) => ({
    count: clusters.length,
    figures: figuresOfClusters(
      clusters,
      names.map((name) => statistics[name]),
    ),
  }));
  const [valuesOfA = [], valuesOfB = []] = sides.map(({ count, figures }) =>
    figures(new Uint16Array(count).fill(1)),
  );
  const random = seeded(seed);
  const found = names.map(() => new Float64Array(replicates));
  for (let replicate = 0; replicate < replicates; replicate += 1) {
    const [ofA = [], ofB = []] = sides.map(({ count, figures }) => figures(drawn(count, random)));
    for (const [index, differences] of found.entries())
      differences[replicate] = (ofB[index] as number) - (ofA[index] as number);
    yield;
  }
  return Object.fromEntries(
    names.map((name, index) => {
      const [inA, inB] = [valuesOfA[index] as number, valuesOfB[index] as number];
      return [name, { a: inA, b: inB, difference: inB - inA, ...middle(found[index] ?? [], level) }];
    }),
  ) as Record<Name, TwoSamples>;
}

/** How often each cluster is in a sample that is drawn with replacement. */
function drawn(count: number, random: Random): Uint16Array {
  const weights = new Uint16Array(count);
  for (let draw = 0; draw < count; draw += 1) {
    const cluster = random.below(count);
    weights[cluster] = (weights[cluster] as number) + 1;
  }
  return weights;
}

function middle(differences: Iterable<number>, level: number): { low: number; high: number } {
  const all = Float64Array.from(differences);
  const known = all.filter((value) => !Number.isNaN(value));
  if (known.length < (1 - MOST_UNKNOWN) * all.length) return { low: Number.NaN, high: Number.NaN };
  known.sort();
  return { low: quantile(known, (1 - level) / 2), high: quantile(known, (1 + level) / 2) };
}
