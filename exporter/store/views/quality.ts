import type { Queryable } from '../database.ts';
import { speechColumns } from '../rollups/from-rows.ts';
import { type RolledSource, rolledUp } from '../rollups/read.ts';
import { type SpeechTotals, speechOf } from '../rollups/speech.ts';
import { OUTCOME_SUMS, outcomesOf } from '../rollups/totals.ts';
import { bucketFor, bucketOf, bucketOfCall, SAMPLED_ROWS, SAMPLED_TURNS, sampleOf } from './sample.ts';
import { type CallSelection, conditionsOf, Parameters } from './selection.ts';

export interface QualityPoint {
  /** Seconds since 1970. */
  at: number;
  calls: number;
  turns: number;
  /** Calls by outcome; `unknown` where it is not known. */
  outcomes: Record<string, number>;
  interruptions: number | null;
  unanswered: number | null;
  sentiment: number | null;
  speech: SpeechTotals;
}

/** A word of a closed list and how many turns, or calls, have it. */
export interface Counted {
  kind: 'interruption' | 'cut_off' | 'error' | 'end_reason' | 'outcome_source';
  name: string;
  count: number;
}

export interface QualityView {
  bucket_seconds: number;
  points: QualityPoint[];
  counted: Counted[];
  /** Words are counted in one call in so many. */
  every: number;
}

const MOST_WORDS = 12;

/** How the calls of a selection went. */
export async function getQuality(db: Queryable, selection: CallSelection): Promise<QualityView> {
  const rolled = await rolledUp(db, selection);
  const rolledBucket = rolled && bucketFor(selection, rolled);
  const source = rolled?.over(rolledBucket);
  if (rolledBucket !== undefined && source !== undefined)
    return {
      bucket_seconds: rolledBucket,
      points: await pointsOfRollups(db, source, rolledBucket),
      counted: await wordsOfRollups(db, source),
      every: 1,
    };
  const sample = await sampleOf(db, selection);
  const bucket = bucketFor(selection, sample);
  const parameters = new Parameters();
  const conditions = conditionsOf(selection, parameters);
  const points = await db.query<QualityPoint>(
    `WITH part AS (
  SELECT ${bucketOfCall(bucket)} AS at, coalesce(outcome, 'unknown') AS outcome, count(*) AS n,
    sum(turn_count) AS turns, sum(interruption_count) AS interruptions, sum(unanswered_count) AS unanswered,
    sum(sentiment_avg) AS sentiment, count(sentiment_avg) AS felt, ${speechColumns('m')}
  FROM :schema.call_metrics m WHERE ${conditions} GROUP BY 1, 2
)
SELECT at, sum(n)::int AS calls, sum(turns)::int AS turns, jsonb_object_agg(outcome, n) AS outcomes,
  sum(interruptions)::int AS interruptions, sum(unanswered)::int AS unanswered,
  (sum(sentiment) / nullif(sum(felt), 0))::double precision AS sentiment, ${speechOf('part')} AS speech
FROM part GROUP BY 1 ORDER BY 1`,
    parameters.values,
  );
  const words = [
    ...(['end_reason', 'outcome_source'] as const).map(
      (column) => `SELECT '${column}' AS kind, ${column} AS name FROM c`,
    ),
    "SELECT 'interruption' AS kind, interruption_kind AS name FROM t",
    "SELECT 'cut_off' AS kind, cut_off_by AS name FROM t",
    "SELECT 'error' AS kind, error_type AS name FROM t",
  ];
  const counted = await db.query<Counted>(
    `WITH c AS (SELECT m.end_reason, m.outcome_source FROM ${SAMPLED_ROWS}),
t AS (SELECT l.interruption_kind, l.cut_off_by, l.error_type FROM ${SAMPLED_TURNS}),
counted AS (
  SELECT kind, name, count(*)::int AS count, row_number() OVER (PARTITION BY kind ORDER BY count(*) DESC, name) AS place
  FROM (${words.join(' UNION ALL ')}) AS u WHERE name IS NOT NULL GROUP BY 1, 2
)
SELECT kind, name, count FROM counted WHERE place <= ${MOST_WORDS} ORDER BY kind, place`,
    sample.values,
  );
  return { bucket_seconds: bucket, points, counted, every: sample.every };
}

const pointsOfRollups = (db: Queryable, source: RolledSource, bucket: number): Promise<QualityPoint[]> =>
  db.query<QualityPoint>(
    `SELECT at, calls, turns, ${outcomesOf('s')} AS outcomes, interruptions, unanswered, sentiment, speech
FROM (
  SELECT ${bucketOf('extract(epoch from m.at)', bucket)} AS at,
    ${['calls', 'turns', 'interruptions', 'unanswered'].map((name) => `sum(m.${name})::double precision AS ${name}`).join(', ')},
    (sum(m.sentiment_billionths) / nullif(sum(m.felt_calls), 0) / 1000000000)::double precision AS sentiment, ${OUTCOME_SUMS},
    ${speechOf('m')} AS speech
  FROM ${source.of('rollup_calls')} GROUP BY 1
) AS s ORDER BY at`,
    source.values,
  );

const wordsOfRollups = (db: Queryable, source: RolledSource): Promise<Counted[]> =>
  db.query<Counted>(
    `SELECT kind, name, count FROM (
  SELECT m.kind, m.name, sum(m.count)::double precision AS count,
    row_number() OVER (PARTITION BY m.kind ORDER BY sum(m.count) DESC, m.name) AS place
  FROM ${source.of('rollup_words')} WHERE m.kind IN ('interruption', 'cut_off', 'error', 'end_reason', 'outcome_source')
  GROUP BY 1, 2
) AS u WHERE place <= ${MOST_WORDS} ORDER BY kind, place`,
    source.values,
  );
