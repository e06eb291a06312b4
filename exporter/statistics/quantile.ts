/**
 * A quantile of values in ascending order, interpolated linearly, as PostgreSQL's `percentile_cont`. NaN without values.
 *
 * @param fraction - 0 is the least, 0.5 the median, 1 the greatest
 */
export function quantile(ascending: ArrayLike<number>, fraction: number): number {
  const position = (ascending.length - 1) * fraction;
  const below = ascending[Math.floor(position)] ?? Number.NaN;
  const above = ascending[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** The same of values in any order. */
export const quantileOf = (values: Iterable<number>, fraction: number): number =>
  quantile(Float64Array.from(values).sort(), fraction);

/** The arithmetic mean; NaN without values. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
