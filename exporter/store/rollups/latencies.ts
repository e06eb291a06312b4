import type { Latency, Segment } from '../../../model/vocabulary.ts';
import type { Queryable } from '../database.ts';
import type { Histogram } from './histogram.ts';
import type { RolledSource } from './read.ts';

export type Figure = Latency | `segment_${Segment}`;

/** What turns come to in one latency or segment. */
export interface LatencySums extends Histogram {
  /** Where its stretch of time begins, in seconds since 1970; null: of the whole time. */
  readonly at: number | null;
  readonly figure: Figure;
  readonly provider: string | null;
  readonly model: string | null;
  readonly turns: number;
  /** All of them together. */
  readonly seconds: number;
  readonly greatest: number;
}

/** Seconds of a figure, of all its models together. */
export const secondsOf = (
  sums: readonly LatencySums[],
  figure: Figure,
  at: number | null = null,
): number | undefined => {
  const own = sums.filter((each) => each.figure === figure && each.at === at);
  return own.length === 0 ? undefined : own.reduce((total, { seconds }) => total + seconds, 0);
};

export interface LatencyQuestion {
  /** With their histograms, by provider and model. */
  readonly figures: readonly Figure[];
  /** Without. */
  readonly sums?: readonly Figure[];
  /** Figures that are asked for by time, and the seconds of a stretch. (Default: none.) */
  readonly timed?: { readonly figures: readonly Figure[]; readonly bucketSeconds: number };
}

/** Merges the histograms of a selection. */
export function latenciesOf(
  db: Queryable,
  source: RolledSource,
  { figures, sums = [], timed }: LatencyQuestion,
): Promise<LatencySums[]> {
  const values = [...source.values];
  const oneOf = (list: readonly string[]) => `figure = ANY ($${values.push(list)}::text[])`;
  const at =
    timed === undefined
      ? 'NULL::double precision'
      : `CASE WHEN ${oneOf(timed.figures)} THEN floor(extract(epoch FROM m.at) / ${timed.bucketSeconds}) * ${timed.bucketSeconds} END::double precision`;
  return db.query<LatencySums>(
    `\
WITH r AS MATERIALIZED (
  SELECT ${at} AS at, figure, provider, model, turns, sum_us, greatest, buckets, counts
  FROM ${source.of('rollup_latencies')} WHERE ${oneOf([...figures, ...sums])}
), h AS MATERIALIZED (
  SELECT at, figure, provider, model, array_agg(bucket ORDER BY bucket) AS buckets, array_agg(n ORDER BY bucket) AS counts
  FROM (
    SELECT r.at, r.figure, r.provider, r.model, b.bucket, sum(b.n)::integer AS n
    FROM r CROSS JOIN LATERAL unnest(r.buckets, r.counts) AS b (bucket, n)
    WHERE ${oneOf(figures)}
    GROUP BY 1, 2, 3, 4, 5
  ) AS b GROUP BY 1, 2, 3, 4
)
SELECT s.*, coalesce(h.buckets, '{}') AS buckets, coalesce(h.counts, '{}') AS counts
FROM (
  SELECT at, figure, provider, model, sum(turns)::double precision AS turns,
    (sum(sum_us) / 1000000.0)::double precision AS seconds, max(greatest) AS greatest
  FROM r GROUP BY 1, 2, 3, 4
) AS s
LEFT JOIN h ON h.figure = s.figure AND (h.at, h.provider, h.model) IS NOT DISTINCT FROM (s.at, s.provider, s.model)
ORDER BY s.at NULLS LAST, s.figure, s.provider, s.model`,
    values,
  );
}
