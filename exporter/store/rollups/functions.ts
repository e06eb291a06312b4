import { type Dimension, GRAINS, type Grain, ROLLUPS, type Rollup } from '../../../model/rollups.ts';
import { columnsOf, PERIOD_OF, ROWS, type RowsRollup, SELECTS } from './from-rows.ts';
import { HISTOGRAM_FUNCTIONS } from './histogram-functions.ts';
import { SLICES_FROM } from './roll-up.ts';

/**
 * Functions of the database, for readers who write SQL: dashboards, notebooks, people. `rolled_calls`, `rolled_latencies`,
 * `rolled_models` and `rolled_words` give rollups of a time and of what is chosen, from days where they can, else from hours,
 * slices and rows: at the edges, and where something waits to be computed. At any moment they are what the rows come to. For
 * the page `read.ts` does the same. Made again by every migration.
 */

/** How a list of what is chosen names what has nothing in the column. */
export const NONE = '(none)';

/** What can be chosen, each as an array; NULL chooses all. Providers and models: calls and turns that used one of them. */
export const CHOICES = [
  'tenant',
  'service_name',
  'service_version',
  'deployment_environment',
  'agent_name',
  'campaign_id',
] as const satisfies readonly Dimension[];

const PARAMETERS = [
  'since timestamptz',
  'until timestamptz',
  'longest interval',
  ...[...CHOICES.map((name) => name.replace(/_(name|id)$/, '')), 'provider', 'model'].map(
    (name) => `${name}s text[] DEFAULT NULL`,
  ),
].join(', ');
const [SINCE, UNTIL, LONGEST] = ['$1', '$2', '$3'];
const [PROVIDERS, MODELS] = [`$${4 + CHOICES.length}`, `$${5 + CHOICES.length}`];
const ALL = Array.from({ length: 5 + CHOICES.length }, (_, index) => `$${index + 1}`).join(', ');

const oneOf = (column: string, parameter: string) =>
  `(${parameter} IS NULL OR coalesce(${column}, '${NONE}') = ANY (${parameter}))`;
const chosen = (table: string): string =>
  CHOICES.map((name, index) => oneOf(`${table}.${name}`, `$${4 + index}`)).join(' AND ');
const STAGES = ['stt', 'llm', 'tts'] as const;
const used = (turn: string): string =>
  [
    `(${STAGES.map((stage) => oneOf(`${turn}.${stage}_provider`, PROVIDERS)).join(' OR ')})`,
    `(${STAGES.map((stage) => oneOf(`${turn}.${stage}_model`, MODELS)).join(' OR ')})`,
  ].join(' AND ');

/** Rollups that can be of a time: of days, and of hours where the days are not over. */
const recentOf = (table: Rollup) => `\
SELECT FROM :schema.${table} r
WHERE r.at < ${UNTIL} AND (r.grain = 'day' AND r.at >= ${SINCE} OR r.grain = 'hour' AND r.at >= greatest(${SINCE}, ${SLICES_FROM}))`;

/** Some call of the time is not chosen by its dimensions; by its providers or models. */
const NARROWED = `(coalesce(${CHOICES.map((_, index) => `$${4 + index}`).join(', ')}) IS NOT NULL AND EXISTS (${recentOf('rollup_calls')} AND NOT (${chosen('r')})))`;
const NARROWED_BY_USE = `\
(coalesce(${PROVIDERS}, ${MODELS}) IS NOT NULL AND (
  NOT coalesce('${NONE}' = ANY (${PROVIDERS}), true) OR NOT coalesce('${NONE}' = ANY (${MODELS}), true)
  OR EXISTS (${recentOf('rollup_models')} AND NOT (${oneOf('r.provider', PROVIDERS)} AND ${oneOf('r.model', MODELS)}))
))`;

/** Calls that are looked at where providers or models are chosen: the latest. Rollups do not tell by those what others figures come to. */
const MOST_CALLS = 5_000;

/** Whether every call of a time has used one of the providers and models: lists need not look at turns then. */
const ALL_OF_USE = `\
CREATE FUNCTION :schema.all_used(since timestamptz, until timestamptz, providers text[], models text[])
RETURNS boolean LANGUAGE sql STABLE AS $function$
SELECT providers IS NULL AND models IS NULL OR (
  coalesce('${NONE}' = ANY (providers), true) AND coalesce('${NONE}' = ANY (models), true) AND NOT EXISTS (
    SELECT FROM :schema.rollup_models r
    WHERE r.at < until AND (
        r.grain = 'day' AND r.at >= since - interval '1 day' OR r.grain = 'hour' AND r.at >= greatest(since - interval '1 hour', date_bin('1 day', now() - interval '1 day', 'epoch'))
        OR r.grain = 'slice' AND r.at >= greatest(since - interval '5 minutes', now() - interval '70 minutes')
      )
      AND NOT (${oneOf('r.provider', 'providers')} AND ${oneOf('r.model', 'models')})
  )
)
$function$`;

/** Times of more than two days begin with a full hour: at their edges are no slices any more, and an hour of rows is much. */
const FROM_WHOLE_HOUR = `\
CREATE FUNCTION :schema.from_whole_hour(since timestamptz, until timestamptz)
RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $function$
SELECT CASE WHEN until - since > interval '2 days' THEN date_bin('1 hour', since, 'epoch') ELSE since END
$function$`;

const LENGTHS: Readonly<Record<Grain, string>> = { slice: '5 minutes', hour: '1 hour', day: '1 day' };

/** Periods of a length that are wholly inside and that are `allowed`, but for those in which something waits to be computed. */
const wholePeriods = (grain: Grain, allowed: string): string => `\
  SELECT '${grain}' AS grain, a.at AS lo, a.at + interval '${LENGTHS[grain]}' AS hi
  FROM generate_series(
    date_bin('${LENGTHS[grain]}', ${SINCE} + interval '${LENGTHS[grain]}' - interval '1 microsecond', 'epoch'),
    ${UNTIL} - interval '${LENGTHS[grain]}', interval '${LENGTHS[grain]}'
  ) AS a (at)
  WHERE ${allowed}
    AND a.at NOT IN (SELECT ${PERIOD_OF[grain]('k.at')} FROM marks k WHERE k.grain IN (${GRAINS.slice(
      0,
      GRAINS.indexOf(grain) + 1,
    )
      .map((each) => `'${each}'`)
      .join(', ')}))`;

/**
 * Which periods make up a time, and what of it none does (`row`). `whole`: every call of the time is chosen, so that rollups
 * of all calls of a tenant will do. No period is longer than `longest`, but that old ones are hours at least.
 */
const PERIODS = `\
CREATE FUNCTION :schema.rolled_periods(${PARAMETERS})
RETURNS TABLE (grain text, lo timestamptz, hi timestamptz, whole boolean) LANGUAGE plpgsql STABLE ROWS 50 AS $function$
#variable_conflict use_column
DECLARE
  is_whole boolean;
BEGIN
  IF ${UNTIL} <= ${SINCE} THEN RETURN; END IF;
  IF ${NARROWED_BY_USE} THEN
    RETURN QUERY SELECT 'row', greatest(${SINCE}, (
      SELECT m.started_at FROM :schema.call_metrics m WHERE m.started_at >= ${SINCE} AND m.started_at < ${UNTIL}
      ORDER BY m.started_at DESC OFFSET ${MOST_CALLS - 1} LIMIT 1
    )), ${UNTIL}, false;
    RETURN;
  END IF;
  is_whole := NOT ${NARROWED};
  RETURN QUERY
  WITH marks AS MATERIALIZED (
    SELECT DISTINCT k.grain, k.at FROM :schema.rollup_marks k WHERE k.at >= ${SINCE} - interval '1 day' AND k.at < ${UNTIL}
  ), days AS (
${wholePeriods('day', `${LONGEST} >= interval '1 day'`)}
  ), hours AS (
${wholePeriods('hour', `(${LONGEST} >= interval '1 hour' OR ${SINCE} < ${SLICES_FROM}) AND NOT EXISTS (SELECT FROM days d WHERE a.at >= d.lo AND a.at < d.hi)`)}
  ), slices AS (
${wholePeriods('slice', `${LONGEST} >= interval '5 minutes' AND a.at >= ${SLICES_FROM} AND NOT EXISTS (SELECT FROM days d WHERE a.at >= d.lo AND a.at < d.hi) AND NOT EXISTS (SELECT FROM hours h WHERE a.at >= h.lo AND a.at < h.hi)`)}
  ), periods AS (
    SELECT * FROM days UNION ALL SELECT * FROM hours UNION ALL SELECT * FROM slices
  ), edges AS (
    SELECT lo, hi FROM periods UNION ALL SELECT ${SINCE}, ${SINCE} UNION ALL SELECT ${UNTIL}, ${UNTIL}
  ), gaps AS (
    SELECT lag(hi) OVER (ORDER BY lo, hi) AS lo, lo AS hi FROM edges
  )
  SELECT grain, lo, hi, is_whole FROM periods
  UNION ALL SELECT 'row', lo, hi, is_whole FROM gaps WHERE lo < hi;
END $function$`;

/** Calls that the rest of the time has: by the index, stretch by stretch. */
const REST = `p JOIN :schema.call_metrics m ON p.grain = 'row' AND m.started_at >= p.lo AND m.started_at < p.hi`;
const ALL_USED = `coalesce(${PROVIDERS}, ${MODELS}) IS NULL`;
const CALL_USED = `\
(${ALL_USED} OR EXISTS (SELECT FROM :schema.call_logs l WHERE l.tenant = m.tenant AND l.call_id = m.call_id AND ${used('l')})
  OR (m.turn_count = 0 AND '${NONE}' = ANY (${PROVIDERS}) AND '${NONE}' = ANY (${MODELS})))`;

const typeOf = (table: Rollup, name: string): string => {
  const { keys, measures } = ROLLUPS[table];
  return { ...keys, ...measures }[name]?.type ?? (name === 'at' ? 'timestamptz' : 'text');
};

/** The function that gives a table of rollups. */
function rolled(table: RowsRollup): string {
  const isOfLatencies = table === 'rollup_latencies';
  const columns = columnsOf(isOfLatencies ? 'rollup_tenant_latencies' : table);
  const list = (alias: string) => columns.map((name) => `${alias}.${name}`).join(', ');
  const periods = (from: Rollup, condition: string) => `\
SELECT ${list('r')} FROM p JOIN :schema.${from} r ON r.grain = p.grain AND r.at = p.lo WHERE ${condition}`;
  const ofTenants = `p.whole AND p.grain <> 'slice'`;
  const parts = isOfLatencies
    ? [
        periods('rollup_tenant_latencies', `${ofTenants} AND ${oneOf('r.tenant', '$4')}`),
        periods(table, `NOT (${ofTenants}) AND ${chosen('r')}`),
      ]
    : [periods(table, chosen('r'))];
  const rows = ROWS('slice', `${chosen('m')} AND ${CALL_USED}`, {
    from: REST,
    ...(isOfLatencies && { turns: `(${ALL_USED} OR (${used('call_logs')}))` }),
  });
  return `\
CREATE FUNCTION :schema.${table.replace('rollup_', 'rolled_')}(${PARAMETERS})
RETURNS TABLE (${columns.map((name) => `"${name}" ${typeOf(table, name)}`).join(', ')}) LANGUAGE sql STABLE AS $function$
WITH p AS MATERIALIZED (SELECT * FROM :schema.rolled_periods(${ALL})),
${rows}
${parts.join('\nUNION ALL\n')}
UNION ALL
SELECT ${list('r')} FROM (${SELECTS[table]}) AS r
$function$`;
}

const TABLES = Object.keys(SELECTS) as RowsRollup[];
const NAMES = [
  'all_used',
  'from_whole_hour',
  'rolled_periods',
  ...TABLES.map((table) => table.replace('rollup_', 'rolled_')),
];

/** All of them, in place of those of an earlier version. */
export const FUNCTIONS: string = [
  ...NAMES.map((name) => `DROP FUNCTION IF EXISTS :schema.${name}`),
  ALL_OF_USE,
  FROM_WHOLE_HOUR,
  PERIODS,
  ...TABLES.map(rolled),
  ...HISTOGRAM_FUNCTIONS,
].join(';\n');
