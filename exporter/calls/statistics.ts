import type { Statistic } from '../../model/vocabulary.ts';

/**
 * Average, minimum, maximum, median and 95th percentile of the values that are known. Missing ones are skipped; all
 * are null when none is known. Percentiles interpolate linearly, as PostgreSQL's `percentile_cont`.
 *
 * @example statistics([0.4, null, 0.8]) // avg 0.6, min 0.4, max 0.8, p50 0.6, p95 0.78
 */
export function statistics(values: readonly (number | null)[]): Record<Statistic, number | null> {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  if (sorted.length === 0) return { avg: null, min: null, max: null, p50: null, p95: null };
  return {
    avg: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    min: percentile(sorted, 0),
    max: percentile(sorted, 1),
    p50: percentile(sorted, 0.5),
    p95: percentile(sorted, 0.95),
  };
}

function percentile(sorted: readonly number[], fraction: number): number {
  const position = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}
