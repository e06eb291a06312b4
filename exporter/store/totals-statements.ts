import { COST_PARTS, type CostPart, SEGMENTS, type Segment } from '../../model/vocabulary.ts';
import type { Database } from './database.ts';
import type { SqlPart } from './filter.ts';
import { SLOW_TURN_COLUMNS, type SlowTurns, slowTurns } from './over-target.ts';
import { type CallSelection, selectionCondition } from './views/selection.ts';

/** The model of a stage, and how long its first byte took on average. */
export interface ModelSpeed {
  stage: 'llm' | 'tts';
  provider: string | null;
  model: string | null;
  /** Turns in which it is known. */
  turns: number;
  ttfbSeconds: number;
}

/** Names of what had no price are looked for in so many calls. */
const UNPRICED_CALLS = 1_000;
const DAY_US = 86_400_000_000;

/** Compiling takes longer than what it saves, and a sort of all turns fits into this memory or goes to disk. */
const LIMITS = `SET LOCAL jit = off; SET LOCAL work_mem = '32MB'`;

export const aggregate = <Row>(db: Database, { sql, params }: SqlPart): Promise<Row[]> =>
  db.transaction(async (tx) => {
    await tx.query(LIMITS);
    return tx.query<Row>(sql, params);
  });

export type CallFigures = {
  outcome: string;
  calls: number;
  turns: number;
  duration_us: number;
  judged_turns: number;
  interruptions: number | null;
  unanswered: number | null;
  without_cost: number;
  unpriced: number;
  longest_silence: number | null;
} & Record<`cost_${CostPart | 'total'}`, string | null>;

/** From an index alone, where the filter allows it: it comes before the others, which run beside one another. */
export const callCount = ({ sql, params }: SqlPart): SqlPart => ({
  sql: `SELECT count(*)::int AS calls FROM :schema.call_metrics m WHERE ${sql}`,
  params,
});

/** Sums for each outcome. */
export const callFigures = ({ sql, params }: SqlPart): SqlPart => ({
  sql: `\
SELECT coalesce(m.outcome, 'unknown') AS outcome, count(*)::int AS calls, sum(m.turn_count)::double precision AS turns,
  coalesce(sum(round(m.duration_seconds * 1000000)::bigint), 0)::double precision AS duration_us,
  coalesce(sum(m.turn_count) FILTER (WHERE m.interruption_count IS NOT NULL), 0)::double precision AS judged_turns,
  sum(m.interruption_count)::double precision AS interruptions, sum(m.unanswered_count)::double precision AS unanswered,
  ${[...COST_PARTS, 'total'].map((part) => `sum(m.cost_${part})::text AS cost_${part}`).join(', ')},
  (count(*) - count(m.cost_total))::int AS without_cost, (count(*) FILTER (WHERE m.unpriced <> '{}'))::int AS unpriced,
  max(m.eou_latency_max) AS longest_silence
FROM :schema.call_metrics m WHERE ${sql} GROUP BY 1`,
  params,
});

/** Of the latest calls that have any. */
export const unpricedNames = ({ sql, params }: SqlPart): SqlPart => ({
  sql: `\
SELECT DISTINCT u.name FROM (
  SELECT m.unpriced FROM :schema.call_metrics m
  WHERE m.unpriced <> '{}' AND ${sql} ORDER BY m.started_at DESC LIMIT ${UNPRICED_CALLS}
) AS latest, unnest(latest.unpriced) AS u (name)
ORDER BY 1`,
  params,
});

export type TurnFigures = {
  turns: number;
  p50: number | null;
  p95: number | null;
  estimated: number;
  estimated_usage: number;
  models: ModelSpeed[];
} & Record<`segment_${Segment}`, number | null>;

/** With the turns whose silence is over the target. */
export type TurnFiguresOfRows = TurnFigures & { over: SlowTurns[] };

/**
 * One pass over the turns, and all figures of what it found.
 *
 * @param targetSeconds - the silence beyond which a turn is slow
 */
export const turnFigures = ({ sql, params }: SqlPart, targetSeconds: number): SqlPart => ({
  sql: `\
WITH t AS MATERIALIZED (
  SELECT l.playback_source, l.usage_estimated, l.ttfb_llm, l.ttfb_tts, ${SLOW_TURN_COLUMNS.map((name) => `l.${name}`).join(', ')}
  FROM ${sql}
), silent AS (
  SELECT percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY t.eou_latency) AS at, count(*)::int AS turns,
    (count(*) FILTER (WHERE t.playback_source = 'estimated'))::int AS estimated,
    ${SEGMENTS.map((segment) => `sum(t.segment_${segment}) AS segment_${segment}`).join(', ')}
  FROM t WHERE t.eou_latency IS NOT NULL
), slow AS (
  ${slowTurns('FROM t AS l', `$${params.length + 1}::double precision`)}
), speeds AS (
  ${(['llm', 'tts'] as const).map(speedsOf).join('\n  UNION ALL ')}
)
SELECT silent.*, silent.at[1] AS p50, silent.at[2] AS p95,
  (SELECT count(*)::int FROM t WHERE t.usage_estimated) AS estimated_usage,
  (SELECT coalesce(json_agg(speeds ORDER BY "ttfbSeconds" DESC), '[]') FROM speeds) AS models,
  (SELECT coalesce(json_agg(slow), '[]') FROM slow) AS over
FROM silent`,
  params: [...params, targetSeconds],
});

const speedsOf = (stage: 'llm' | 'tts') => `\
SELECT '${stage}' AS stage, t.${stage}_provider AS provider, t.${stage}_model AS model, count(*)::int AS turns,
    avg(t.ttfb_${stage}) AS "ttfbSeconds"
  FROM t WHERE t.ttfb_${stage} IS NOT NULL GROUP BY 2, 3`;

/**
 * The turns of the calls of a filter, as `call_logs l`; of one call in `every`, always the same ones. A turn begins at most
 * a day before its call does (clocks), and at most a week after: so an index finds those of a short time.
 */
export function turnsOf(filter: CallSelection, every: number): SqlPart {
  const isAll = Object.values(filter).every((value) => value === undefined);
  if (isAll && every === 1) return { sql: ':schema.call_logs l', params: [] };
  const { sql, params } = selectionCondition(filter);
  const all = [...params];
  const instant = (us: number) =>
    `'epoch'::timestamptz + $${all.push(us)}::double precision * interval '1 microsecond'`;
  const conditions = [
    ...(every === 1 ? [] : [`hashtext(m.call_id) % ${Math.floor(every)} = 0`]),
    ...(filter.since === undefined ? [] : [`l.created_at >= ${instant(filter.since - DAY_US)}`]),
    ...(filter.until === undefined ? [] : [`l.created_at < ${instant(filter.until + 7 * DAY_US)}`]),
  ];
  return {
    sql: `:schema.call_logs l JOIN :schema.call_metrics m ON m.tenant = l.tenant AND m.call_id = l.call_id AND ${[sql, ...conditions].join(' AND ')}`,
    params: all,
  };
}
