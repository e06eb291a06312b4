import { shareBeyond } from '../exporter/store/rollups/bands.ts';
import { CHOICES } from '../exporter/store/rollups/functions.ts';
import type { Latency } from '../model/vocabulary.ts';

/**
 * Rollups in SQL, for panels over many calls: `earshot.rolled_calls` and its like give what calls come to, from days and hours
 * where they can. A call is of the time in which it began, its turns with it.
 */

/** Whether a panel has one figure of the whole time, or one of each interval. */
type Points = 'total' | 'over time';

/** The variables that name what is chosen, in the order of the functions' parameters. */
const VARIABLES = {
  tenant: 'tenant',
  service_name: 'service',
  service_version: 'version',
  deployment_environment: 'environment',
  agent_name: 'agent',
  campaign_id: 'campaign',
} as const satisfies Record<(typeof CHOICES)[number], string>;

const CHOSEN = [...CHOICES.map((name) => VARIABLES[name]), 'provider', 'model']
  .map((name) => `ARRAY[$${name}]::text[]`)
  .join(', ');

/** Rollups of no longer periods than this, so that each is of one point. */
const LONGEST = { total: `interval '1 day'`, 'over time': `interval '$__interval'` } as const;

const TIME =
  'earshot.from_whole_hour($__timeFrom()::timestamptz, $__timeTo()::timestamptz), $__timeTo()::timestamptz';

const rolled = (table: 'calls' | 'latencies' | 'words' | 'models', alias: string, points: Points): string =>
  `FROM earshot.rolled_${table}(${TIME}, ${LONGEST[points]},\n  ${CHOSEN}) AS ${alias}`;

/** `FROM … AS r`: rollups of the chosen calls. */
export const rolledCalls = (points: Points = 'total'): string => rolled('calls', 'r', points);

/** `FROM … AS w`: how often words occur in the chosen calls. */
export const ROLLED_WORDS: string = rolled('words', 'w', 'total');

/** The same by time. */
export const ROLLED_WORDS_OVER_TIME: string = rolled('words', 'w', 'over time');

/** A point in time for rollups. */
const pointOf = (alias: string): string => `date_bin(interval '$__interval', ${alias}.at, 'epoch')`;

/** `FROM (…) AS h`: by time (`at`) the histogram of what the chosen calls cost, and their `mean`. */
export const ROLLED_COSTS = `\
FROM (
  WITH c AS MATERIALIZED (
    SELECT ${pointOf('r')} AS at, r.cost_total, r.priced_calls, r.cost_buckets, r.cost_counts
    ${rolled('calls', 'r', 'over time')}
    WHERE r.priced_calls > 0
  ), b AS MATERIALIZED (
    SELECT at, array_agg(bucket) AS buckets, array_agg(n) AS counts FROM (
      SELECT c.at, u.bucket::integer AS bucket, sum(u.n) AS n
      FROM c CROSS JOIN LATERAL unnest(c.cost_buckets, c.cost_counts) AS u (bucket, n)
      GROUP BY c.at, u.bucket ORDER BY c.at, u.bucket
    ) AS u GROUP BY at
  )
  SELECT b.*, v.mean
  FROM (SELECT at, (sum(cost_total) / sum(priced_calls))::double precision AS mean FROM c GROUP BY 1) AS v
  JOIN b USING (at)
) AS h`;

/** `FROM … AS r`: what providers and models of the chosen calls come to. */
export const ROLLED_MODELS: string = rolled('models', 'r', 'total');

/** Those of everything, for what can be chosen. */
export const everyRolled = (table: 'calls' | 'models'): string =>
  `FROM earshot.rolled_${table}(${TIME}, ${LONGEST.total}) AS r`;

/**
 * `FROM (…) AS h`: histograms of latencies of the chosen turns, as `buckets` and `counts` with how many `turns` they are of,
 * one for each value of `keys`, which are columns of `f`.
 */
export function rolledHistograms(
  figures: readonly Latency[],
  keys: Readonly<Record<string, string>> = {},
  points: Points = 'total',
): string {
  const names = Object.keys(keys);
  const named = Object.entries(keys).map(([name, column]) => `${column} AS ${name}`);
  const grouped = names.length > 0 ? `\n  GROUP BY ${names.join(', ')}` : '';
  return `\
FROM (
  SELECT ${[...names, 'array_agg(bucket ORDER BY bucket) AS buckets', 'array_agg(n ORDER BY bucket) AS counts', 'sum(n) AS turns'].join(', ')}
  FROM (
    SELECT ${[...named, 'u.bucket::integer AS bucket', 'sum(u.n) AS n'].join(', ')}
    ${rolled('latencies', 'f', points)}
    CROSS JOIN LATERAL unnest(f.buckets, f.counts) AS u (bucket, n)
    WHERE f.figure IN (${figures.map((figure) => `'${figure}'`).join(', ')})
    GROUP BY ${[...names, 'u.bucket'].map((_, index) => index + 1).join(', ')}
  ) AS b${grouped}
) AS h`;
}

/**
 * `FROM (…) AS o`: what the silences over so many seconds are made of, in the chosen turns: microseconds (`us`) by segment,
 * provider and model.
 */
export const rolledBeyond = (seconds: string): string => `\
FROM (
  SELECT f.figure, f.provider, f.model, sum(u.us * (${shareBeyond('u.band', seconds)})) AS us
  ${rolled('latencies', 'f', 'total')}
  CROSS JOIN LATERAL unnest(f.bands, f.band_us) AS u (band, us)
  WHERE f.figure LIKE 'segment_%'
  GROUP BY 1, 2, 3
) AS o`;

/**
 * `FROM (…) AS o`: what the silences over so many seconds, and those within, are made of in the chosen turns: by `is_over` and
 * segment the microseconds (`us`); of `eou_latency` how many `turns` there are.
 */
export const rolledBySilence = (seconds: string): string => `\
FROM (
  SELECT f.figure, ${shareBeyond('u.band', seconds)} > 0.5 AS is_over, sum(u.n) AS turns, sum(u.us) AS us
  ${rolled('latencies', 'f', 'total')}
  CROSS JOIN LATERAL unnest(f.bands, f.band_turns, f.band_us) AS u (band, n, us)
  WHERE f.figure LIKE 'segment_%' OR f.figure = 'eou_latency'
  GROUP BY 1, 2
) AS o`;

/** A percentile of a histogram, within 0.55 %. */
export const rolledPercentile = (fraction: number): string =>
  `earshot.rolled_percentile(${fraction}, h.buckets, h.counts)`;
