import { GRAINS } from '../../../model/rollups.ts';
import type { Queryable } from '../database.ts';
import { type CallSelection, conditionsOf, Parameters } from '../views/selection.ts';
import { type Cover, coverOf, LENGTH_US, type Span } from './cover.ts';
import { columnsOf, fromRows, type RowsRollup } from './from-rows.ts';
import { SLICES_FROM } from './roll-up.ts';

/** What of a selection rollups can tell apart. */
const ANSWERABLE: ReadonlySet<string> = new Set([
  'since',
  'until',
  'tenant',
  'agent',
  'campaign',
  'service',
  'serviceVersion',
  'environment',
  'direction',
  'channel',
] satisfies (keyof CallSelection)[]);

/** What the latencies of all calls of a tenant can answer. */
const OF_TENANTS: ReadonlySet<string> = new Set(['since', 'until', 'tenant']);

/** Of fewer calls the rows are read: they are as quick, their percentiles are exact, and they are of this very moment. */
const FEW_CALLS = 4_000;
/** A mark that waits for so long, in seconds, means that no process computes rollups, or that they are far behind. */
const BEHIND_SECONDS = 30;
/** What is read from rows, besides, is of no longer time than this: an hour at either end. */
const MOST_REST_US = 2 * LENGTH_US.hour;

const STATE = `\
SELECT
  EXISTS (
    SELECT FROM :schema.rollup_marks
    WHERE grain = 'slice' AND marked_at NOT BETWEEN now() - interval '${BEHIND_SECONDS} seconds' AND now() + interval '${BEHIND_SECONDS} seconds'
      AND ($1::double precision IS NULL OR at >= 'epoch'::timestamptz + ($1 - ${LENGTH_US.slice}) * interval '1 microsecond')
      AND ($2::double precision IS NULL OR at < 'epoch'::timestamptz + $2 * interval '1 microsecond')
  ) AS behind,
  (SELECT coalesce(json_agg(DISTINCT extract(epoch FROM at) * 1000000), '[]') FROM :schema.rollup_marks WHERE grain = 'hour') AS hours,
  (SELECT coalesce(json_agg(DISTINCT extract(epoch FROM at) * 1000000), '[]') FROM :schema.rollup_marks WHERE grain = 'day') AS days,
  (extract(epoch FROM ${SLICES_FROM}) * 1000000)::double precision AS slices_from`;

/** The rollups of a selection. */
export interface Rolled {
  readonly calls: number;
  /** When the first and the last of them began, in seconds since 1970. */
  readonly first: number;
  readonly last: number;
  /**
   * What tables of rollups have of the selection, for charts whose points are so many seconds apart; undefined where rollups
   * are not fine enough, and too many rows would have to be read. (Default: of the whole time.)
   */
  over(bucketSeconds?: number): RolledSource | undefined;
}

export interface RolledSource {
  /** SQL: a table of rollups as `m`, of the selection: `at` and all that comes after, but for latencies without the dimensions. */
  of(table: RowsRollup): string;
  /** Parameters of that SQL. */
  readonly values: readonly unknown[];
}

/**
 * The rollups of a selection. Undefined where rows are to be read instead: the selection is by something that rollups do not
 * tell apart, it is of few calls, or rollups are behind.
 */
export async function rolledUp(db: Queryable, selection: CallSelection): Promise<Rolled | undefined> {
  const { since, until, ...dimensions } = selection;
  const chosen = Object.entries(selection).filter(([, value]) => value !== undefined);
  if (chosen.some(([name]) => !ANSWERABLE.has(name))) return undefined;
  const [state] = await db.query<{ behind: boolean; hours: number[]; days: number[]; slices_from: number }>(
    STATE,
    [since ?? null, until ?? null],
  );
  if (state === undefined || state.behind) return undefined;
  const span: Span = [since ?? Number.NEGATIVE_INFINITY, until ?? Number.POSITIVE_INFINITY];
  const stale = { slice: [], hour: state.hours, day: state.days };
  const parameters = new Parameters();
  const condition = conditionsOf(dimensions, parameters);
  const ofTenants = chosen.every(([name]) => OF_TENANTS.has(name));
  const over = (bucketSeconds = Number.POSITIVE_INFINITY): RolledSource | undefined => {
    const cover = coverOf(span, { stale, slicesFrom: state.slices_from, longestUs: bucketSeconds * 1e6 });
    const rest = cover.rest.reduce((sum, [from, to]) => sum + to - from, 0);
    if (rest > MOST_REST_US || bucketSeconds * 1e6 < LENGTH_US.slice) return undefined;
    return { of: (table) => sourceOf(table, cover, condition, ofTenants), values: parameters.values };
  };
  const all = over();
  if (all === undefined) return undefined;
  const [sums] = await db.query<{ calls: number; first: number; last: number }>(
    `SELECT coalesce(sum(m.calls), 0)::double precision AS calls,
  extract(epoch FROM min(m.first_started_at))::double precision AS first,
  extract(epoch FROM max(m.last_started_at))::double precision AS last
FROM ${all.of('rollup_calls')}`,
    all.values,
  );
  if (sums === undefined || sums.calls <= FEW_CALLS) return undefined;
  return { ...sums, over };
}

const instant = (us: number): string =>
  Number.isFinite(us)
    ? `('epoch'::timestamptz + ${us} * interval '1 microsecond')`
    : `'${us < 0 ? '-' : ''}infinity'::timestamptz`;

const inSpan = (column: string, [from, to]: Span): string =>
  `${column} >= ${instant(from)} AND ${column} < ${instant(to)}`;

function sourceOf(
  table: RowsRollup,
  { periods, rest }: Cover,
  condition: string,
  ofTenants: boolean,
): string {
  const isOfLatencies = table === 'rollup_latencies';
  const columns = columnsOf(isOfLatencies ? 'rollup_tenant_latencies' : table).join(', ');
  const rolled = GRAINS.flatMap((grain) => {
    const spans = periods[grain].map((span) => inSpan('m.at', span));
    const from = isOfLatencies && ofTenants && grain !== 'slice' ? 'rollup_tenant_latencies' : table;
    const where = `m.grain = '${grain}' AND (${spans.join(' OR ')}) AND ${condition}`;
    return spans.length > 0 ? [`SELECT ${columns} FROM :schema.${from} m WHERE ${where}`] : [];
  });
  const rows = rest.map((span) => inSpan('m.started_at', span));
  const parts = [
    ...rolled,
    ...(rows.length > 0
      ? [
          `SELECT ${columns} FROM (${fromRows(table, 'slice', `(${rows.join(' OR ')}) AND ${condition}`)}) AS r`,
        ]
      : []),
  ];
  return `(${parts.join(' UNION ALL ') || `SELECT ${columns} FROM :schema.${table} WHERE false`}) AS m`;
}
