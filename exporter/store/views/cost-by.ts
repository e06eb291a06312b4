import { COST_PARTS } from '../../../model/vocabulary.ts';
import { Usd } from '../../pricing/money.ts';
import type { Queryable } from '../database.ts';
import { type CallFilter, callCondition } from '../filter.ts';
import { SAMPLED_TURNS, sampleOf } from './sample.ts';

/** What calls can be told apart by, and where a row of `call_metrics m` has it. Days are of UTC. */
const OF_CALL = {
  agent: 'coalesce(m.agent_name, m.service_name)',
  campaign: 'm.campaign_id',
  customer: 'm.customer_id',
  service: 'm.service_name',
  service_version: 'm.service_version',
  environment: 'm.deployment_environment',
  tenant: 'm.tenant',
  direction: 'm.direction',
  channel: 'm.channel',
  platform: 'm.platform',
  outcome: 'm.outcome',
  end_reason: 'm.end_reason',
  price_list: 'm.price_list',
  day: "to_char(m.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
} as const;

/** What costs can be told apart by. `component`, `provider` and `model` are of the parts of a call. */
export const COST_DIMENSIONS = [...Object.keys(OF_CALL), 'component', 'provider', 'model'] as readonly (
  | keyof typeof OF_CALL
  | 'component'
  | 'provider'
  | 'model'
)[];
export type CostDimension = (typeof COST_DIMENSIONS)[number];

/** What one of them comes to. Null: not known. */
export interface CostGroup {
  name: string | null;
  /** Of a provider or a model: what it was used for. */
  component?: string;
  calls: number;
  /** Of the whole calls; absent for parts of calls. */
  minutes?: number;
  /** USD. A lower bound where something had no price. */
  cost: string | null;
  /** Calls of which something had no price; absent for parts of calls. */
  unpriced_calls?: number;
}

export interface CostBy {
  parts: CostGroup[];
  /** The figures are of one call in so many; 1: of all. */
  every: number;
}

/** What calls cost, by one dimension or by a tag, the dearest first. */
export async function getCostBy(
  db: Queryable,
  filter: CallFilter,
  { by, limit }: { by: CostDimension | { tag: string }; limit: number },
): Promise<CostBy> {
  if (by === 'provider' || by === 'model') return ofTurns(db, filter, by, limit);
  const { sql, params } = callCondition(filter, typeof by === 'object' ? 3 : 2);
  const statement =
    by === 'component'
      ? BY_COMPONENT(sql)
      : BY_CALL(typeof by === 'object' ? 'm.tags ->> $2::text' : OF_CALL[by], sql);
  const rows = await db.query<CostGroup>(statement, [
    limit,
    ...(typeof by === 'object' ? [by.tag] : []),
    ...params,
  ]);
  return { parts: rows.map(written), every: 1 };
}

const BY_CALL = (name: string, condition: string): string => `\
SELECT ${name} AS name, count(*)::int AS calls, (sum(m.duration_seconds) / 60)::double precision AS minutes,
  sum(m.cost_total)::text AS cost, (count(*) FILTER (WHERE m.unpriced <> '{}'))::int AS unpriced_calls
FROM :schema.call_metrics m WHERE ${condition}
GROUP BY 1 ORDER BY sum(m.cost_total) DESC NULLS LAST, 1 LIMIT $1::integer`;

const BY_COMPONENT = (condition: string): string => `\
SELECT c.name, count(c.cost)::int AS calls, sum(c.cost)::text AS cost
FROM :schema.call_metrics m
CROSS JOIN LATERAL (VALUES ${COST_PARTS.map((part) => `('${part}', m.cost_${part})`).join(', ')}) AS c (name, cost)
WHERE ${condition}
GROUP BY 1 HAVING count(c.cost) > 0 ORDER BY sum(c.cost) DESC, 1 LIMIT $1::integer`;

async function ofTurns(
  db: Queryable,
  filter: CallFilter,
  by: 'provider' | 'model',
  limit: number,
): Promise<CostBy> {
  const sample = await sampleOf(db, filter);
  const stages = ['stt', 'llm', 'tts'].map(
    (stage) =>
      `SELECT '${stage}' AS component, ${stage}_${by} AS name, tenant, call_id, cost_${stage} AS cost FROM t WHERE ${stage}_${by} IS NOT NULL`,
  );
  const rows = await db.query<CostGroup>(
    `WITH t AS MATERIALIZED (SELECT l.* FROM ${SAMPLED_TURNS})
SELECT component, name, count(DISTINCT (tenant, call_id))::int AS calls, sum(cost)::text AS cost
FROM (${stages.join(' UNION ALL ')}) AS u
GROUP BY 1, 2 ORDER BY sum(cost) DESC NULLS LAST, 1, 2 LIMIT $4::integer`,
    [...sample.values, limit],
  );
  return { parts: rows.map(written), every: sample.every };
}

/** The database adds zeros. */
const written = (part: CostGroup): CostGroup => ({
  ...part,
  cost: part.cost === null ? null : new Usd(part.cost).toFixed(),
});
