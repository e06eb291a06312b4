import type { Queryable } from '../database.ts';
import { type CallSelection, conditionsOf, Parameters } from './selection.ts';

/**
 * Figures of turns are of a share of the calls where a selection has very many, evenly over its time: one in `every`, by a
 * hash of the id, so that the same question has the same answer.
 */
export interface Sample {
  /** Calls of the selection. */
  readonly calls: number;
  readonly every: number;
  /** Parameters of `SAMPLED_TURNS`: the calls looked at, and when each began, in seconds since 1970. */
  readonly values: readonly [
    tenants: readonly string[],
    callIds: readonly string[],
    startedAt: readonly number[],
  ];
  /** Seconds since 1970. */
  readonly first: number;
  readonly last: number;
}

/** Calls whose turns are looked at, about: their percentiles are good to a percent or two. */
const SAMPLED_CALLS = 4_000;

const ROWS = 'unnest($1::text[], $2::text[], $3::double precision[]) AS s (tenant, call_id, at)';
const IS_CALL = 'tenant = s.tenant AND call_id = s.call_id';

/**
 * SQL, with the first three parameters of a statement: the turns of the sample as `l`, and when their call began as `s.at`.
 * By the index, call by call: a planner that may choose reads the whole table, however long it is (OFFSET 0 forbids it).
 */
export const SAMPLED_TURNS = `${ROWS} CROSS JOIN LATERAL (SELECT * FROM :schema.call_logs WHERE ${IS_CALL} OFFSET 0) AS l`;

/** The same for the calls themselves, as `m`. */
export const SAMPLED_ROWS = `${ROWS} CROSS JOIN LATERAL (SELECT * FROM :schema.call_metrics WHERE ${IS_CALL} OFFSET 0) AS m`;

/** The same for the scores of calls, as `c`. */
export const SAMPLED_SCORES = `${ROWS} CROSS JOIN LATERAL (SELECT * FROM :schema.call_scores WHERE ${IS_CALL} OFFSET 0) AS c`;

export async function sampleOf(
  db: Queryable,
  selection: CallSelection,
  most = SAMPLED_CALLS,
): Promise<Sample> {
  const parameters = new Parameters();
  const where = `FROM :schema.call_metrics m WHERE ${conditionsOf(selection, parameters)}`;
  const [counted] = await db.query<{ calls: number; first: number | null; last: number | null }>(
    `SELECT count(*)::int AS calls, ${seconds('min(m.started_at)')} AS first, ${seconds('max(m.started_at)')} AS last ${where}`,
    parameters.values,
  );
  const { calls = 0, first, last } = counted ?? {};
  const every = Math.max(1, Math.ceil(calls / most));
  const chosen = every === 1 ? '' : ` AND (hashtext(m.call_id) & 2147483647) % ${every} = 0`;
  const rows = await db.query<{ tenant: string; callId: string; at: number }>(
    `SELECT m.tenant, m.call_id AS "callId", ${seconds('m.started_at')} AS at ${where}${chosen} LIMIT ${most * 2}`,
    parameters.values,
  );
  return {
    calls,
    every,
    values: [rows.map(({ tenant }) => tenant), rows.map(({ callId }) => callId), rows.map(({ at }) => at)],
    first: first ?? 0,
    last: last ?? 0,
  };
}

const seconds = (instant: string) => `extract(epoch from ${instant})::double precision`;

const BUCKETS = [60, 300, 900, 3_600, 3 * 3_600, 6 * 3_600, 86_400, 7 * 86_400, 28 * 86_400];
const MOST_BUCKETS = 60;

/** Seconds of one bar or point of a chart of a selection: round ones, and no more than 60 of them. */
export function bucketFor(
  { since, until }: CallSelection,
  { first, last }: Pick<Sample, 'first' | 'last'>,
): number {
  const from = since === undefined ? first : Math.max(since / 1e6, first - 86_400);
  const over = Math.max(0, (until === undefined ? last : until / 1e6) - from);
  return BUCKETS.find((each) => over / each <= MOST_BUCKETS) ?? Math.ceil(over / MOST_BUCKETS);
}

/** SQL: the bucket that an instant in seconds is in. */
export const bucketOf = (at: string, bucket: number): string =>
  `(floor(${at} / ${bucket}) * ${bucket})::double precision`;

/** SQL: the bucket that a call began in. */
export const bucketOfCall = (bucket: number): string => bucketOf(seconds('m.started_at'), bucket);
