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
const MOST_CALLS = 4_000;
/** Where turns say which calls are meant, that is found out of so many calls, about. */
const LOOKED_AT_CALLS = 10_000;
/** Where fewer of these are meant, it is found out of all: of what is rare every call counts. */
const RARE_CALLS = 100;

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

/**
 * The calls of a selection, of many a part. Where it chooses by turns (a model, a provider, a silence, errors) and most calls are
 * not even looked at, `calls` is an estimate: what was found, times those that were not looked at.
 */
export async function sampleOf(
  db: Queryable,
  selection: CallSelection,
  { most = MOST_CALLS, lookedAt = LOOKED_AT_CALLS, rare = RARE_CALLS } = {},
): Promise<Sample> {
  const { provider, model, silenceFrom, silenceTo, failed, ...ofRows } = selection;
  if ([provider, model, silenceFrom, silenceTo, failed].some((value) => value !== undefined)) {
    const part = Math.ceil((await countOf(db, ofRows)).calls / lookedAt);
    const found = part > 1 ? await chosenOf(db, selection, part, 2 * lookedAt) : [];
    if (found.length >= rare)
      return sampleFrom(found, {
        ...spanOf(found),
        calls: found.length * part,
        every: part * Math.ceil(found.length / most),
      });
  }
  // Of few calls one reading is enough.
  const few = await chosenOf(db, selection, 1, most + 1);
  if (few.length <= most) return sampleFrom(few, { ...spanOf(few), calls: few.length, every: 1 });
  const counted = await countOf(db, selection);
  const every = Math.ceil(counted.calls / most);
  return sampleFrom(await chosenOf(db, selection, every, 2 * most), { ...counted, every });
}

function spanOf(calls: readonly Chosen[]): Pick<Sample, 'first' | 'last'> {
  const times = calls.map(({ at }) => at);
  return times.length === 0 ? { first: 0, last: 0 } : { first: Math.min(...times), last: Math.max(...times) };
}

interface Chosen {
  tenant: string;
  callId: string;
  at: number;
  /** Decides whether it is among one in so many. */
  hash: number;
}

const sampleFrom = (found: readonly Chosen[], about: Omit<Sample, 'values'>): Sample => {
  const rows = found.filter(({ hash }) => hash % about.every === 0);
  return {
    ...about,
    values: [rows.map(({ tenant }) => tenant), rows.map(({ callId }) => callId), rows.map(({ at }) => at)],
  };
};

async function countOf(
  db: Queryable,
  selection: CallSelection,
): Promise<Pick<Sample, 'calls' | 'first' | 'last'>> {
  const parameters = new Parameters();
  const [counted] = await db.query<{ calls: number; first: number | null; last: number | null }>(
    `SELECT count(*)::int AS calls, ${seconds('min(m.started_at)')} AS first, ${seconds('max(m.started_at)')} AS last
FROM :schema.call_metrics m WHERE ${conditionsOf(selection, parameters)}`,
    parameters.values,
  );
  return { calls: counted?.calls ?? 0, first: counted?.first ?? 0, last: counted?.last ?? 0 };
}

const HASH = '(hashtext(m.call_id) & 2147483647)';

/** One in `every` of the calls of a selection. */
function chosenOf(db: Queryable, selection: CallSelection, every: number, limit: number): Promise<Chosen[]> {
  const parameters = new Parameters();
  const conditions = conditionsOf(selection, parameters);
  return db.query<Chosen>(
    `SELECT m.tenant, m.call_id AS "callId", ${seconds('m.started_at')} AS at, ${HASH} AS hash
FROM :schema.call_metrics m WHERE ${conditions}${every === 1 ? '' : ` AND ${HASH} % ${every} = 0`} LIMIT ${limit}`,
    parameters.values,
  );
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
