import { COMPONENTS, type Component } from '../../pricing/units.ts';
import type { Queryable } from '../database.ts';
import { type RolledSource, rolledUp } from '../rollups/read.ts';
import {
  bucketFor,
  bucketOf,
  bucketOfCall,
  SAMPLED_ROWS,
  SAMPLED_TURNS,
  type Sample,
  sampleOf,
} from './sample.ts';
import { type CallSelection, conditionsOf, Parameters } from './selection.ts';

const MOST_ROWS = 30;

/** Costs by component, USD as text; null is unknown. */
export type ComponentCosts = Record<Component, string | null>;

export interface SpendingPoint {
  /** Seconds since 1970. */
  at: number;
  calls: number;
  total: string | null;
  components: ComponentCosts;
}

/** What one agent, campaign or model came to. */
export interface SpendingPart {
  kind: 'agent' | 'campaign' | 'model';
  /** Of a model: the component. */
  component: string | null;
  name: string | null;
  calls: number;
  minutes: number;
  total: string | null;
}

export interface SpendingView {
  bucket_seconds: number;
  points: SpendingPoint[];
  parts: SpendingPart[];
  /** What had no price, and in how many calls. */
  unpriced: { name: string; calls: number }[];
  /** Calls with the outcome SUCCESS, and calls whose outcome is known. */
  successes: number;
  judged_calls: number;
  /** Cost of the calls whose outcome is known. */
  judged_total: string | null;
  /** Costs by model are those of one call in so many, and so are the names of `unpriced`. */
  every: number;
}

/** What the calls of a selection cost. Sums over time, agents and campaigns are of every call. */
export async function getSpending(db: Queryable, selection: CallSelection): Promise<SpendingView> {
  const rolled = await rolledUp(db, selection);
  const rolledBucket = rolled && bucketFor(selection, rolled);
  const source = rolled?.over(rolledBucket);
  if (rolledBucket !== undefined && source !== undefined)
    return viewOf(rolledBucket, 1, {
      sums: await sumsOfRollups(db, source, rolledBucket),
      models: await modelsOfRollups(db, source),
      unpriced: await unpricedOfRollups(db, source),
    });
  const sample = await sampleOf(db, selection);
  const bucket = bucketFor(selection, sample);
  return viewOf(bucket, sample.every, {
    sums: await sumsOf(db, selection, bucket),
    models: await modelsOf(db, sample),
    unpriced: await db.query<{ name: string; calls: number }>(UNPRICED, sample.values),
  });
}

function viewOf(
  bucket: number,
  every: number,
  { sums, models, unpriced }: Pick<SpendingView, 'unpriced'> & { sums: Sums[]; models: SpendingPart[] },
): SpendingView {
  const of = (kind: Sums['kind']) => sums.filter((sum) => sum.kind === kind);
  const parts = (kind: 'agent' | 'campaign') =>
    of(kind)
      .sort((a, b) => Number(b.total ?? 0) - Number(a.total ?? 0))
      .slice(0, MOST_ROWS)
      .map(({ name, calls, minutes, total }) => ({ kind, component: null, name, calls, minutes, total }));
  const [all] = of('all');
  return {
    bucket_seconds: bucket,
    points: of('time')
      .sort((a, b) => (a.at ?? 0) - (b.at ?? 0))
      .map(({ at, calls, total, components }) => ({ at: at ?? 0, calls, total, components })),
    parts: [...parts('agent'), ...parts('campaign'), ...models],
    unpriced,
    successes: all?.successes ?? 0,
    judged_calls: all?.judged_calls ?? 0,
    judged_total: all?.judged_total ?? null,
    every,
  };
}

interface Sums {
  kind: 'all' | 'time' | 'agent' | 'campaign';
  at: number | null;
  name: string | null;
  calls: number;
  minutes: number;
  total: string | null;
  components: ComponentCosts;
  successes: number;
  judged_calls: number;
  judged_total: string | null;
}

/** Sums by time, by agent, by campaign and of all, in one reading. */
const grouped = (sums: string, source: string): string => `\
SELECT (ARRAY['time', 'agent', 'campaign', 'all'])[
    CASE WHEN grouping(at) = 0 THEN 1 WHEN grouping(agent) = 0 THEN 2 WHEN grouping(campaign) = 0 THEN 3 ELSE 4 END
  ] AS kind, at, coalesce(agent, campaign) AS name, sum(cost_total)::text AS total,
  jsonb_build_object(${COMPONENTS.map((name) => `'${name}', sum(cost_${name})::text`).join(', ')}) AS components,
  ${sums}
FROM (${source}) AS c
GROUP BY GROUPING SETS ((at), (agent), (campaign), ())`;

const GROUPS = `coalesce(m.agent_name, m.service_name) AS agent, m.campaign_id AS campaign, m.cost_total, ${COMPONENTS.map(
  (name) => `m.cost_${name}`,
).join(', ')}`;

function sumsOf(db: Queryable, selection: CallSelection, bucket: number): Promise<Sums[]> {
  const parameters = new Parameters();
  const conditions = conditionsOf(selection, parameters);
  return db.query<Sums>(
    grouped(
      `count(*)::int AS calls, sum(duration_seconds) / 60 AS minutes,
  count(*) FILTER (WHERE outcome = 'SUCCESS')::int AS successes, count(outcome)::int AS judged_calls,
  (sum(cost_total) FILTER (WHERE outcome IS NOT NULL))::text AS judged_total`,
      `SELECT ${bucketOfCall(bucket)} AS at, ${GROUPS}, m.duration_seconds, m.outcome
  FROM :schema.call_metrics m WHERE ${conditions}`,
    ),
    parameters.values,
  );
}

const sumsOfRollups = (db: Queryable, source: RolledSource, bucket: number): Promise<Sums[]> =>
  db.query<Sums>(
    grouped(
      `sum(calls)::double precision AS calls, (sum(duration_us) / 60000000.0)::double precision AS minutes,
  sum(outcome_success)::double precision AS successes, sum(calls - outcome_unknown)::double precision AS judged_calls,
  sum(cost_judged)::text AS judged_total`,
      `SELECT ${bucketOf('extract(epoch from m.at)', bucket)} AS at, ${GROUPS}, m.calls, m.duration_us, m.outcome_success,
    m.outcome_unknown, m.cost_judged
  FROM ${source.of('rollup_calls')}`,
    ),
    source.values,
  );

const modelsOfRollups = (db: Queryable, source: RolledSource): Promise<SpendingPart[]> =>
  db.query<SpendingPart>(
    `SELECT 'model' AS kind, m.stage AS component, m.model AS name, sum(m.calls)::double precision AS calls, 0 AS minutes,
  sum(m.cost)::text AS total
FROM ${source.of('rollup_models')} WHERE m.model IS NOT NULL
GROUP BY 2, 3 ORDER BY sum(m.cost) DESC NULLS LAST, 2, 3 LIMIT ${MOST_ROWS}`,
    source.values,
  );

const unpricedOfRollups = (db: Queryable, source: RolledSource): Promise<SpendingView['unpriced']> =>
  db.query<{ name: string; calls: number }>(
    `SELECT m.name, sum(m.count)::double precision AS calls FROM ${source.of('rollup_words')} WHERE m.kind = 'unpriced'
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${MOST_ROWS}`,
    source.values,
  );

function modelsOf(db: Queryable, { values }: Sample): Promise<SpendingPart[]> {
  const models = ['stt', 'llm', 'tts'].map(
    (stage) =>
      `SELECT '${stage}' AS component, ${stage}_model AS name, tenant, call_id, cost_${stage} AS cost FROM t WHERE ${stage}_model IS NOT NULL`,
  );
  return db.query<SpendingPart>(
    `WITH t AS MATERIALIZED (
  SELECT l.tenant, l.call_id, l.stt_model, l.llm_model, l.tts_model, l.cost_stt, l.cost_llm, l.cost_tts
  FROM ${SAMPLED_TURNS}
)
SELECT 'model' AS kind, component, name, count(DISTINCT (tenant, call_id))::int AS calls, 0 AS minutes, sum(cost)::text AS total
FROM (${models.join(' UNION ALL ')}) AS u GROUP BY 2, 3 ORDER BY sum(cost) DESC NULLS LAST, 2, 3 LIMIT ${MOST_ROWS}`,
    values,
  );
}

const UNPRICED = `\
SELECT name, count(*)::int AS calls FROM ${SAMPLED_ROWS}, unnest(m.unpriced) AS name
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${MOST_ROWS}`;
