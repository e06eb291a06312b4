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

/** The same of values in any order, which it changes: it is quicker than to sort them, where few quantiles are asked for. */
export function quantileAmong(values: Float64Array, fraction: number): number {
  const position = (values.length - 1) * fraction;
  select(values, Math.floor(position), 0);
  select(values, Math.ceil(position), Math.floor(position));
  return quantile(values, fraction);
}

/** Brings the value to `index` that would be there in ascending order, and none that is greater before it (Hoare's FIND). */
function select(values: Float64Array, index: number, from: number): void {
  let [first, last] = [from, values.length - 1];
  while (first < last) {
    const pivot = values[(first + last) >> 1] as number;
    let [up, down] = [first, last];
    while (up <= down) {
      while ((values[up] as number) < pivot) up += 1;
      while ((values[down] as number) > pivot) down -= 1;
      if (up > down) break;
      const value = values[up] as number;
      values[up] = values[down] as number;
      values[down] = value;
      up += 1;
      down -= 1;
    }
    if (index <= down) last = down;
    else if (index >= up) first = up;
    else return;
  }
}

/** The same of values in any order. */
export const quantileOf = (values: Iterable<number>, fraction: number): number =>
  quantile(Float64Array.from(values).sort(), fraction);

/** The arithmetic mean; NaN without values. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
