import { finished } from './pieces.ts';
import { quantile } from './quantile.ts';
import { type Random, seeded } from './random.ts';

/** A figure, and where it is likely to be. All of them NaN: the sample does not say. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  /** The same seed gives the same intervals. (Default: 1.) */
  readonly seed?: number;
  /** Samples that are drawn. (Default: 400.) */
  readonly replicates?: number;
  /** How often the interval holds the figure. (Default: 0.9.) */
  readonly level?: number;
}

type FiguresOf<Name extends string> = (
  drawn: readonly number[],
  random: Random,
  isSample: boolean,
) => Readonly<Record<Name, number>>;

/** Figures that are not known in more of the replicates than this have no interval. */
const MOST_UNKNOWN = 0.1;

/**
 * Percentile bootstrap by cluster (Efron and Tibshirani 1993): draws as many clusters as there are, with replacement, and
 * computes the figures again, many times; the interval is what leaves out as much on either side. Clusters are calls: turns
 * of one call resemble one another, and drawing them one by one would make the interval too narrow.
 *
 * @param clusters - how many there are
 * @param figuresOf - the figures of the clusters with these indexes: first of all of them as they are, then of samples. It
 *   may draw numbers of its own.
 */
export const bootstrap = <Name extends string>(
  clusters: number,
  figuresOf: FiguresOf<Name>,
  options?: BootstrapOptions,
): Record<Name, Estimate> => finished(bootstrapping(clusters, figuresOf, options));

/** The same in pieces: where other work is to go on in between. */
export function* bootstrapping<Name extends string>(
  clusters: number,
  figuresOf: FiguresOf<Name>,
  options?: BootstrapOptions,
): Generator<void, Record<Name, Estimate>> {
  let names: Name[] = [];
  const estimates = yield* bootstrappingList(
    clusters,
    (drawn, random, isSample) => {
      const figures = figuresOf(drawn, random, isSample);
      if (!isSample) names = Object.keys(figures) as Name[];
      return names.map((name) => figures[name]);
    },
    options,
  );
  return Object.fromEntries(names.map((name, index) => [name, estimates[index]])) as Record<Name, Estimate>;
}

/** The same of figures without names, of which there may be many: always as many of them, in one order. */
export function* bootstrappingList(
  clusters: number,
  figuresOf: (drawn: readonly number[], random: Random, isSample: boolean) => readonly number[],
  { seed = 1, replicates = 400, level = 0.9 }: BootstrapOptions = {},
): Generator<void, Estimate[]> {
  const random = seeded(seed);
  const all = Array.from({ length: clusters }, (_, index) => index);
  const values = figuresOf(all, random, false);
  const samples: (readonly number[])[] = [];
  while (samples.length < replicates) {
    yield;
    const drawn = all.map(() => random.below(clusters));
    samples.push(figuresOf(drawn, random, true));
  }
  return values.map((value, index) => {
    const known = samples.map((sample) => sample[index] as number).filter((each) => !Number.isNaN(each));
    const isKnown = replicates - known.length <= MOST_UNKNOWN * replicates;
    return { value, ...(isKnown ? middle(known, level) : UNKNOWN) };
  });
}

const UNKNOWN = { low: Number.NaN, high: Number.NaN };

function middle(values: readonly number[], level: number) {
  const ascending = Float64Array.from(values).sort();
  return { low: quantile(ascending, (1 - level) / 2), high: quantile(ascending, (1 + level) / 2) };
}
