import { GRAINS, type Grain } from '../../../model/rollups.ts';
import type { Database, Queryable } from '../database.ts';
import { LENGTH_US } from './cover.ts';
import { PERIOD_OF } from './from-rows.ts';
import { computed, ofTenants, removed, rolledUp, within } from './statements.ts';

/**
 * Rollups are computed again as a whole, a period at a time: slices of five minutes from the rows, those of one hour together, an hour from its slices,
 * a day from its hours. Which ones, the table of marks says: a trigger on `call_metrics` adds one in the transaction that
 * changes rows, and the transaction that computes a slice adds those of its hour and its day.
 *
 * Why that is exact at READ COMMITTED, with any number of workers, killed at any moment: (1) a lock is taken, of the hour or
 * the day, until the end of the transaction, so that no other worker reads or replaces it meanwhile. (2) The
 * period's marks are deleted. A statement sees what was committed before it began: the rows of each mark that is deleted here
 * were committed with it, and so (3) the statement that computes sees them, as it begins later. A mark that is committed
 * after (2) began stays, whether (3) saw its rows or not, and the period is computed once more. (4) If anything fails the
 * marks are back, and what was there before stays. The lock comes first and in a statement of its own, or (2) and (3) would
 * not see what the holder before wrote.
 *
 * A period is what its shorter ones come to if and only if it has no mark: readers take the longest that have none.
 *
 * Slices are for what is recent: they are kept for two days. An hour that is older is computed from the rows at once, or slice
 * by slice where it has very many calls, and its slices are removed again.
 */
export interface RollUpOptions {
  /** What changes again and again is computed so long after its first mark, in milliseconds, by length of the period. */
  delaysMs?: Readonly<Record<Grain, number>>;
  /** Periods at most. (Default: 16.) */
  limit?: number;
}

/** What waits to be computed. */
export interface MarkedPeriod {
  readonly grain: Grain;
  /** Microseconds since 1970. */
  readonly at: number;
  /** Where it ends: of slices, the last one of the hour that waits, so that one statement is planned for all of them. */
  readonly until: number;
  /** Whose calls changed; `*` of all tenants. */
  readonly tenants: readonly string[];
  /** An hour that has no slices any more. */
  readonly from_rows: boolean;
}

const DELAYS_MS: Readonly<Record<Grain, number>> = { slice: 6_000, hour: 30_000, day: 60_000 };
const LIMIT = 16;
const { slice: SLICE_US, hour: HOUR_US } = LENGTH_US;
/** Of an hour that is computed from rows at once. */
const MOST_CALLS = 10_000;

/** SQL: slices that begin from then on are there, all of them. */
export const SLICES_FROM = `date_bin('1 hour', now() - interval '2 days', 'epoch'::timestamptz)`;
/** No reader counts on slices before this: a transaction that began before them an hour ago has ended. */
const SLICES_END = `date_bin('1 hour', now() - interval '50 hours', 'epoch'::timestamptz)`;

/** A mark waits no more. One of the future was left before the clock of the database was set back. */
const due = (parameter: string): string =>
  `(since <= now() - ${parameter}::double precision * interval '1 millisecond' OR since > now())`;

const micros = (instant: string) => `(extract(epoch FROM ${instant}) * 1000000)::double precision`;

// Hours and days are computed when they are over, and when nothing in them waits to be computed.
const MARKED = `\
WITH marked AS (
  SELECT grain, at, tenant, min(marked_at) AS since, ${PERIOD_OF.hour('at')} AS hour, ${PERIOD_OF.day('at')} AS day
  FROM :schema.rollup_marks GROUP BY 1, 2, 3
), old AS (
  SELECT 'hour' AS grain, hour AS at, tenant, since, true AS from_rows FROM marked
  WHERE grain <> 'day' AND hour < ${SLICES_FROM} AND ${due('$1')}
), recent AS (
  SELECT grain, at, tenant, since, false AS from_rows FROM marked m
  WHERE CASE grain
    WHEN 'slice' THEN at >= ${SLICES_FROM} AND ${due('$1')}
    WHEN 'hour' THEN at >= ${SLICES_FROM} AND at <= now() - interval '1 hour' AND ${due('$2')}
      AND NOT EXISTS (SELECT FROM marked s WHERE s.grain = 'slice' AND s.hour = m.at)
    ELSE at <= now() - interval '1 day' AND ${due('$3')}
      AND NOT EXISTS (SELECT FROM marked s WHERE s.grain <> 'day' AND s.day = m.at)
  END
)
SELECT grain, ${micros('min(u.at)')} AS at,
  ${micros('max(u.at)')} + CASE grain ${GRAINS.map((grain) => `WHEN '${grain}' THEN ${LENGTH_US[grain]}`).join(' ')} END AS until,
  from_rows, array_agg(DISTINCT tenant) AS tenants
FROM (SELECT * FROM recent UNION ALL SELECT * FROM old) AS u
GROUP BY u.grain, CASE grain WHEN 'slice' THEN ${PERIOD_OF.hour('u.at')} ELSE u.at END, from_rows
ORDER BY from_rows, u.grain = 'slice' DESC, max(u.at) DESC
LIMIT $4`;

/** Of the whole database, so the schema is in it. */
/** So much fits what is sorted and grouped of most periods; what does not goes to disk. */
const MEMORY = `SET LOCAL work_mem = '64MB'`;
const LOCK = `SELECT pg_try_advisory_xact_lock(hashtextextended(':schema rollups ' || $1::text, 0)) AS locked`;

const instant = (parameter: string) =>
  `'epoch'::timestamptz + ${parameter}::double precision * interval '1 microsecond'`;
const UNMARK = `\
DELETE FROM :schema.rollup_marks
WHERE grain = ANY ($4::text[]) AND ${within('at')}`;
const MARK = `\
INSERT INTO :schema.rollup_marks (grain, at, tenant)
SELECT g.grain, g.at, tenant FROM unnest($2::text[]) AS tenant
CROSS JOIN (VALUES ('hour', ${PERIOD_OF.hour(instant('$1'))}), ('day', ${PERIOD_OF.day(instant('$1'))})) AS g (grain, at)
WHERE g.grain = ANY ($3::text[])`;
const CALLS_OF = `\
SELECT count(*)::int AS calls FROM (
  SELECT FROM :schema.call_metrics WHERE started_at >= ${instant('$1')} AND started_at < ${instant('$2')} LIMIT $3
) AS c`;
const FORGET_SLICES = ['rollup_calls', 'rollup_latencies', 'rollup_models', 'rollup_words'].map(
  (table) => `DELETE FROM :schema.${table} r WHERE grain = 'slice' AND at < ${SLICES_END}
  AND NOT EXISTS (SELECT FROM :schema.rollup_marks m WHERE m.grain = 'hour' AND m.at = ${PERIOD_OF.hour('r.at')})`,
);

/** The periods whose rollups are to be computed now, the freshest slices first. */
export const markedPeriods = (
  db: Queryable,
  { delaysMs = DELAYS_MS, limit = LIMIT }: RollUpOptions = {},
): Promise<MarkedPeriod[]> =>
  db.query<MarkedPeriod>(MARKED, [delaysMs.slice, delaysMs.hour, delaysMs.day, limit]);

/**
 * Computes the rollups of a period, in one transaction. `mostCalls`, of an old hour that is computed at once, is for tests.
 *
 * @returns false when another one is at it; then nothing has been done.
 * @throws the driver's error; then nothing has changed.
 */
export function rollUp(
  db: Database,
  { grain, at, until, tenants, from_rows }: MarkedPeriod,
  mostCalls: number = MOST_CALLS,
): Promise<boolean> {
  const lock = grain === 'day' ? `day ${at}` : `hour ${Math.floor(at / HOUR_US)}`;
  const period = [at, until, tenants];
  return db.transaction(async (tx) => {
    const [row] = await tx.query<{ locked: boolean }>(LOCK, [lock]);
    if (row?.locked !== true) return false;
    await tx.query(MEMORY);
    await tx.query(UNMARK, [...period, from_rows ? ['slice', 'hour'] : [grain]]);
    if (grain === 'slice') {
      await computeSlices(tx, { at, until, tenants, mostCalls });
      await tx.query(MARK, [at, tenants, ['hour', 'day']]);
    } else if (!from_rows) {
      await tx.query(rolledUp(grain, grain === 'hour' ? 'slice' : 'hour'), period);
      await tx.query(ofTenants(grain), period);
    } else {
      await computeOldHour(tx, { at, until, tenants, mostCalls });
      await tx.query(ofTenants('hour'), period);
      await tx.query(MARK, [at, tenants, ['day']]);
    }
    return true;
  });
}

interface Stretch extends Pick<MarkedPeriod, 'at' | 'until' | 'tenants'> {
  readonly mostCalls: number;
}

async function haveMore(tx: Queryable, { at, until, mostCalls }: Stretch): Promise<boolean> {
  const [row] = await tx.query<{ calls: number }>(CALLS_OF, [at, until, mostCalls + 1]);
  return (row?.calls ?? 0) > mostCalls;
}

/** At once, or one by one where they have very many calls: no statement looks at more than those of a slice then. */
async function computeSlices(tx: Queryable, stretch: Stretch): Promise<void> {
  const { at, until, tenants } = stretch;
  const step = until - at > SLICE_US && (await haveMore(tx, stretch)) ? SLICE_US : until - at;
  for (let slice = at; slice < until; slice += step)
    await tx.query(computed('slice'), [slice, slice + step, tenants]);
}

async function computeOldHour(tx: Queryable, stretch: Stretch): Promise<void> {
  const { at, until, tenants } = stretch;
  const hour = [at, until, tenants];
  if (await haveMore(tx, stretch)) {
    await computeSlices(tx, stretch);
    await tx.query(rolledUp('hour', 'slice'), hour);
  } else await tx.query(computed('hour'), hour);
  await tx.query(removed('slice'), hour);
}

/** Removes slices that are too old to be read. */
export async function forgetSlices(db: Queryable): Promise<void> {
  for (const statement of FORGET_SLICES) await db.query(statement);
}

/**
 * Computes whatever is marked, until nothing is that can be computed. For tests and commands: a worker does it by itself.
 *
 * @returns how many periods that were.
 */
export async function rollUpAll(
  db: Database,
  delaysMs: RollUpOptions['delaysMs'] = { slice: 0, hour: 0, day: 0 },
): Promise<number> {
  for (let done = 0; ; ) {
    const periods = await markedPeriods(db, { delaysMs });
    if (periods.length === 0) return done;
    for (const period of periods) if (await rollUp(db, period)) done += 1;
  }
}
