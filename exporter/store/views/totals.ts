import { SEGMENTS } from '../../../model/vocabulary.ts';
import { COMPONENTS } from '../../pricing/units.ts';
import type { Queryable } from '../database.ts';
import { speechColumns } from '../rollups/from-rows.ts';
import { percentilesOf, shareUpTo } from '../rollups/histogram.ts';
import { latenciesOf, secondsOf } from '../rollups/latencies.ts';
import { type RolledSource, rolledUp } from '../rollups/read.ts';
import { type SpeechTotals, speechOf } from '../rollups/speech.ts';
import { OUTCOME_SUMS, outcomesOf } from '../rollups/totals.ts';
import { SAMPLED_TURNS, sampleOf } from './sample.ts';
import { type CallSelection, conditionsOf, Parameters } from './selection.ts';

/** What the calls of a selection come to together. Money is text in USD; null is unknown. */
export interface CallTotals {
  calls: number;
  turns: number;
  duration_seconds: number;
  first_started_at: number | null;
  last_started_at: number | null;
  cost_stt: string | null;
  cost_llm: string | null;
  cost_tts: string | null;
  cost_livekit: string | null;
  cost_telephony: string | null;
  cost_total: string | null;
  /** Calls whose cost is a lower bound. */
  unpriced_calls: number;
  interruptions: number | null;
  false_interruptions: number | null;
  unanswered: number | null;
  /** Turns of the calls in which it is known who interrupted whom. */
  judged_turns: number;
  speech: SpeechTotals;
  /** Calls by outcome; `unknown` where it is not known. */
  outcomes: Record<string, number>;
}

const COSTS = [...COMPONENTS, 'total'];
const OUTCOME_COUNTS = 'jsonb_object_agg(outcome, n) FILTER (WHERE outcome IS NOT NULL)';

export async function getTotals(db: Queryable, selection: CallSelection): Promise<CallTotals> {
  const source = (await rolledUp(db, selection))?.over();
  return source === undefined ? totalsOfRows(db, selection) : totalsOfRollups(db, source);
}

async function totalsOfRollups(db: Queryable, source: RolledSource): Promise<CallTotals> {
  const count = (name: string) => `sum(m.${name})::double precision AS ${name}`;
  const [row] = await db.query<CallTotals>(
    `SELECT calls, turns, duration_seconds, first_started_at, last_started_at,
  ${COSTS.map((name) => `cost_${name}`).join(', ')}, unpriced_calls, interruptions, false_interruptions, unanswered,
  judged_turns, ${outcomesOf('s')} AS outcomes, speech
FROM (
  SELECT ${['calls', 'turns', 'unpriced_calls', 'interruptions', 'false_interruptions', 'unanswered', 'judged_turns'].map(count).join(', ')},
    (sum(m.duration_us) / 1000000.0)::double precision AS duration_seconds,
    (extract(epoch from min(m.first_started_at)) * 1000000)::double precision AS first_started_at,
    (extract(epoch from max(m.last_started_at)) * 1000000)::double precision AS last_started_at,
    ${COSTS.map((name) => `sum(m.cost_${name})::text AS cost_${name}`).join(', ')}, ${OUTCOME_SUMS},
    ${speechOf('m')} AS speech
  FROM ${source.of('rollup_calls')}
) AS s`,
    source.values,
  );
  if (row === undefined) throw new Error('An aggregate without groups gives one row.');
  return row;
}

async function totalsOfRows(db: Queryable, selection: CallSelection): Promise<CallTotals> {
  const parameters = new Parameters();
  const conditions = conditionsOf(selection, parameters);
  const costs = COSTS.map((component) => `sum(cost_${component}) AS cost_${component}`);
  const [row] = await db.query<CallTotals>(
    `WITH part AS (
  SELECT coalesce(outcome, 'unknown') AS outcome, count(*) AS n, sum(turn_count) AS turns,
    sum(duration_seconds) AS duration_seconds, min(started_at) AS first, max(started_at) AS last,
    ${costs.join(', ')},
    count(*) FILTER (WHERE cardinality(unpriced) > 0) AS unpriced_calls,
    sum(interruption_count) AS interruptions, sum(false_interruption_count) AS false_interruptions,
    sum(unanswered_count) AS unanswered,
    sum(turn_count) FILTER (WHERE interruption_count IS NOT NULL) AS judged_turns, ${speechColumns('m')}
  FROM :schema.call_metrics m WHERE ${conditions} GROUP BY 1
)
SELECT coalesce(sum(n), 0)::int AS calls, coalesce(sum(turns), 0)::int AS turns,
  coalesce(sum(duration_seconds), 0)::double precision AS duration_seconds,
  (extract(epoch from min(first)) * 1000000)::double precision AS first_started_at,
  (extract(epoch from max(last)) * 1000000)::double precision AS last_started_at,
  ${COSTS.map((name) => `sum(cost_${name})::text AS cost_${name}`).join(', ')},
  coalesce(sum(unpriced_calls), 0)::int AS unpriced_calls, sum(interruptions)::int AS interruptions,
  sum(false_interruptions)::int AS false_interruptions, sum(unanswered)::int AS unanswered,
  coalesce(sum(judged_turns), 0)::int AS judged_turns,
  coalesce(${OUTCOME_COUNTS}, '{}') AS outcomes, ${speechOf('part')} AS speech
FROM part`,
    parameters.values,
  );
  if (row === undefined) throw new Error('An aggregate without groups gives one row.');
  return row;
}

/** The silences of a selection's turns, in seconds. */
export interface SilenceFigures {
  turns: number;
  p25: number | null;
  p50: number | null;
  p75: number | null;
  p95: number | null;
  p99: number | null;
  /** Of the turns that have one, those of no more than the target. */
  under_target: number | null;
  /** Seconds of each segment, a turn. */
  segments: Record<string, number | null>;
  /** One call in so many was looked at. */
  every: number;
}

export async function getSilence(
  db: Queryable,
  selection: CallSelection,
  targetSeconds: number,
): Promise<SilenceFigures> {
  const source = (await rolledUp(db, selection))?.over();
  if (source !== undefined) return silenceOfRollups(db, source, targetSeconds);
  const sample = await sampleOf(db, selection);
  const [row] = await db.query<Omit<SilenceFigures, 'every'>>(
    `SELECT count(*)::int AS turns, ${PERCENTILES},
  avg((l.eou_latency <= $4::double precision)::int)::double precision AS under_target,
  jsonb_build_object(${SEGMENT_AVERAGES}) AS segments
FROM ${SAMPLED_TURNS} WHERE l.eou_latency IS NOT NULL`,
    [...sample.values, targetSeconds],
  );
  if (row === undefined) throw new Error('An aggregate without groups gives one row.');
  return { ...row, every: sample.every };
}

async function silenceOfRollups(
  db: Queryable,
  source: RolledSource,
  targetSeconds: number,
): Promise<SilenceFigures> {
  const segments = SEGMENTS.map((segment) => `segment_${segment}` as const);
  const found = await latenciesOf(db, source, { figures: ['eou_latency'], sums: segments });
  const silence = found.find(({ figure }) => figure === 'eou_latency');
  const [p25, p50, p75, p95, p99] = percentilesOf(
    silence ?? { buckets: [], counts: [] },
    [0.25, 0.5, 0.75, 0.95, 0.99],
  ) as [number | null, number | null, number | null, number | null, number | null];
  const turns = silence?.turns ?? 0;
  return {
    turns,
    p25,
    p50,
    p75,
    p95,
    p99,
    under_target: silence === undefined ? null : shareUpTo(silence, targetSeconds),
    segments: Object.fromEntries(
      SEGMENTS.map((segment) => [
        segment,
        turns === 0 ? null : (secondsOf(found, `segment_${segment}`) ?? 0) / turns,
      ]),
    ),
    every: 1,
  };
}

const PERCENTILES = [25, 50, 75, 95, 99]
  .map(
    (p, i) =>
      `(percentile_cont(ARRAY[0.25, 0.5, 0.75, 0.95, 0.99]) WITHIN GROUP (ORDER BY l.eou_latency))[${i + 1}] AS p${p}`,
  )
  .join(', ');

// A segment whose mark did not happen took no time of its own.
const SEGMENT_AVERAGES = SEGMENTS.map(
  (segment) => `'${segment}', avg(coalesce(l.segment_${segment}, 0))`,
).join(', ');
