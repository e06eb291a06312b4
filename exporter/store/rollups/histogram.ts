/**
 * Histograms of seconds on the logarithmic scale of OpenTelemetry's exponential histograms, at scale 6: bucket n is from
 * 2^(n/64), exclusive, to 2^((n+1)/64). Two of them merge by adding their counts. A value of a bucket is off by 0.55 % at
 * most, and so is a percentile.
 */
export const BUCKETS_PER_DOUBLING = 64;
export const BASE = 2 ** (1 / BUCKETS_PER_DOUBLING);

/** The bucket of less than a microsecond, which is what a segment has that took no time. */
export const ZERO = -32_768;
export const LEAST = 0.000_001;

/** SQL: the bucket of a number of seconds. */
export const bucketOf = (seconds: string): string =>
  `CASE WHEN ${seconds} < ${LEAST} THEN ${ZERO} ELSE ceil(ln(least(${seconds}, 1e12)) * ${BUCKETS_PER_DOUBLING / Math.LN2})::integer - 1 END`;

/** A histogram: its buckets, ascending, and how many values each has. */
export interface Histogram {
  readonly buckets: readonly number[];
  readonly counts: readonly number[];
}

const lowerOf = (bucket: number): number => (bucket === ZERO ? 0 : BASE ** bucket);
const upperOf = (bucket: number): number => (bucket === ZERO ? LEAST : BASE ** (bucket + 1));

/** The value that stands for those of a bucket: as far from its one end as from the other, in proportion. */
export function secondsIn(bucket: number): number {
  if (bucket === ZERO) return 0;
  const [lower, upper] = [lowerOf(bucket), upperOf(bucket)];
  return (2 * lower * upper) / (lower + upper);
}

const countOf = ({ counts }: Histogram): number => counts.reduce((sum, count) => sum + count, 0);

/**
 * Percentiles as `percentile_cont` gives them, to within 0.55 %.
 *
 * @param shares - each from 0 to 1
 * @returns one for each share; null where there is no value.
 */
export function percentilesOf(histogram: Histogram, shares: readonly number[]): (number | null)[] {
  const { buckets, counts } = histogram;
  const total = countOf(histogram);
  const cumulated: number[] = [];
  let sum = 0;
  for (const count of counts) {
    sum += count;
    cumulated.push(sum);
  }
  /** The value of a place, from 0. */
  const at = (place: number) => secondsIn(buckets[cumulated.findIndex((upTo) => place < upTo)] ?? ZERO);
  return shares.map((share) => {
    if (total === 0) return null;
    const place = share * (total - 1);
    const [low, high] = [at(Math.floor(place)), at(Math.ceil(place))];
    return low + (high - low) * (place % 1);
  });
}

/** The share of values of no more than so many seconds; of the bucket that they are in, in proportion. Null without values. */
export function shareUpTo(histogram: Histogram, seconds: number): number | null {
  const total = countOf(histogram);
  if (total === 0) return null;
  let below = 0;
  histogram.buckets.forEach((bucket, index) => {
    const [lower, upper] = [lowerOf(bucket), upperOf(bucket)];
    const part = Math.min(1, Math.max(0, (seconds - lower) / (upper - lower)));
    below += part * (histogram.counts[index] ?? 0);
  });
  return below / total;
}
