import { type Grain, ROLLUP_ARRAYS, ROLLUPS, type Rollup } from '../../../model/rollups.ts';
import { bytes, columnsOf, PERIOD_OF, ROWS, type RowsRollup, SELECTS } from './from-rows.ts';

/** The statements that write rollups, each replacing what there was. Pure functions of what they read. */

const TABLES = Object.keys(SELECTS) as RowsRollup[];

/** How measures of shorter periods become one: they are added, but for these. */
const MERGED: Readonly<Record<string, 'min' | 'max'>> = {
  first_started_at: 'min',
  last_started_at: 'max',
  eou_latency_max: 'max',
  longest_silence_max: 'max',
  least: 'min',
  greatest: 'max',
};

/**
 * SQL: what one table of rollups has of shorter periods or of more dimensions, put together. Arrays are made of lines in order,
 * which aggregates keep: to say it to each of them sorts as often (before PostgreSQL 16).
 */
function merged(table: Rollup, grain: Grain, condition: string, from: Rollup = table): string {
  const keys = [...ROLLUPS[table].dimensions, ...Object.keys(ROLLUPS[table].keys)];
  const measures = Object.entries(ROLLUPS[table].measures).filter(([, { type }]) => !type.endsWith('[]'));
  const sums = measures.map(([name, { type }]) => `${MERGED[name] ?? 'sum'}(${name})::${type} AS ${name}`);
  const source = `SELECT ${PERIOD_OF[grain]('r.at')} AS period, r.* FROM :schema.${from} r WHERE ${condition}`;
  const arrays = (ROLLUP_ARRAYS[table] ?? []).map(({ of, counts }) => ({ of, counts, all: [of, ...counts] }));
  if (arrays.length === 0)
    return `SELECT period AS at, ${keys.join(', ')}, ${sums.join(', ')} FROM (${source}) AS r GROUP BY period, ${keys.join(', ')}`;
  const columns = Object.entries(ROLLUPS[table].measures).map(([name, { type, required }]) => {
    const array = arrays.find(({ all }) => all.includes(name));
    if (array === undefined) return `s.${name}`;
    return required === true ? `coalesce(${array.of}_of.${name}, '{}')::${type}` : `${array.of}_of.${name}`;
  });
  return `\
WITH r AS MATERIALIZED (
  SELECT s.*, dense_rank() OVER (ORDER BY s.period, ${keys.map(bytes).join(', ')}) AS k FROM (${source}) AS s
), ${arrays
    .map(
      ({ of, counts, all }) => `${of}_of AS MATERIALIZED (
  SELECT k, ${all.map((name) => `array_agg(${name}) FILTER (WHERE ${name} IS NOT NULL) AS ${name}`).join(', ')} FROM (
    SELECT r.k, u.${of}, ${counts.map((name) => `sum(u.${name})::${elementOf(table, name)} AS ${name}`).join(', ')}
    FROM r CROSS JOIN LATERAL unnest(${all.map((name) => `r.${name}`).join(', ')}) AS u (${all.join(', ')})
    GROUP BY 1, 2 ORDER BY 1, 2
  ) AS b GROUP BY 1
)`,
    )
    .join(', ')}
SELECT s.at, ${[...keys.map((name) => `s.${name}`), ...columns].join(', ')}
FROM (
  SELECT k, period AS at, ${keys.join(', ')}, ${sums.join(', ')} FROM r GROUP BY k, period, ${keys.join(', ')}
) AS s ${arrays.map(({ of }) => `LEFT JOIN ${of}_of USING (k)`).join(' ')}`;
}

const elementOf = (table: Rollup, name: string): string =>
  (ROLLUPS[table].measures[name]?.type ?? '').replace('[]', '');

/** The period from $1 to $2 (microseconds since 1970), of the tenants $3, `*` being all of them. */
const instant = (parameter: string): string =>
  `'epoch'::timestamptz + ${parameter}::double precision * interval '1 microsecond'`;
export const within = (column: string): string =>
  `${column} >= ${instant('$1')} AND ${column} < ${instant('$2')} AND (tenant = ANY ($3::text[]) OR '*' = ANY ($3))`;

/** The rollups of a length that begin in the period are removed. */
const gone = (grain: Grain, tables: readonly Rollup[] = TABLES): string =>
  tables
    .map(
      (table) =>
        `gone_${table} AS (DELETE FROM :schema.${table} WHERE grain = '${grain}' AND ${within('at')})`,
    )
    .join(', ');

const written = (grain: Grain, table: Rollup, source: string): string =>
  `new_${table} AS (INSERT INTO :schema.${table} (grain, ${columnsOf(table).join(', ')}) SELECT '${grain}', s.* FROM (${source}) AS s)`;

/** Statement: the rollups of a length in the period, as the rows have it, in place of what was there. */
export const computed = (grain: Grain): string => `\
WITH ${ROWS(grain, within('m.started_at'))},
${gone(grain)},
${TABLES.map((table) => written(grain, table, SELECTS[table])).join(',\n')}
SELECT 1`;

/** Statement: the same from the rollups of shorter periods. */
export const rolledUp = (grain: Grain, from: Grain): string => `\
WITH ${gone(grain)},
${TABLES.map((table) => written(grain, table, merged(table, grain, `r.grain = '${from}' AND ${within('r.at')}`))).join(',\n')}
SELECT 1`;

/** Statement: the latencies of all calls of a tenant: of an hour from its rollups, of a day from those of its hours. */
export const ofTenants = (grain: 'hour' | 'day'): string => {
  const table = 'rollup_tenant_latencies';
  const from = grain === 'hour' ? 'rollup_latencies' : table;
  const source = merged(table, grain, `r.grain = 'hour' AND ${within('r.at')}`, from);
  return `WITH ${gone(grain, [table])}, ${written(grain, table, source)} SELECT 1`;
};

/** Statement: no rollups of a length in the period. */
export const removed = (grain: Grain): string => `WITH ${gone(grain)} SELECT 1`;
