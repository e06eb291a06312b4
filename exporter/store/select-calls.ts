import type { Decimal } from 'decimal.js';
import type { CallLogRow, StoredCallMetrics } from '../../model/rows.ts';
import { type CallKey, type CallName, isGiven, keyArrays, keyOf } from './call-key.ts';
import { CALL_LOGS, STORED_METRICS } from './columns.ts';
import type { Queryable } from './database.ts';
import { type CallFilter, callCondition } from './filter.ts';
import { decodeRow, selectList } from './values.ts';

/** What calls can be sorted by: the latest, dearest, longest first. Calls in which it is not known come last. */
export const CALL_SORTS = {
  started: 'started_at',
  cost: 'cost_total',
  silence: 'eou_latency_p95',
  length: 'duration_seconds',
  turns: 'turn_count',
  interruptions: 'interruption_count',
} as const;
export type CallSort = keyof typeof CALL_SORTS;

export interface CallPage {
  /** (Default: started.) */
  sort?: CallSort;
  /** Calls at most. */
  limit: number;
  /** The last call of the page before: what comes after it. (Default: the first page.) */
  after?: StoredCallMetrics | undefined;
}

/** One page of the calls that a filter means, in order. Of calls that are equal in it, the latest come first. */
export async function selectCalls(
  db: Queryable,
  filter: CallFilter,
  { sort = 'started', limit, after }: CallPage,
): Promise<StoredCallMetrics[]> {
  const { sql, params } = callCondition(filter, 2);
  const all: unknown[] = [limit, ...params];
  const keys = KEYS[sort];
  const rest =
    after === undefined
      ? ''
      : `AND (${keys.map(({ key }) => key).join(', ')}) < (${keys
          .map(({ value, cast }) => cast(`$${all.push(value(after))}`))
          .join(', ')})`;
  const rows = await db.query(
    `\
SELECT ${selectList(STORED_METRICS)} FROM :schema.call_metrics m
WHERE ${sql} ${rest}
ORDER BY ${keys.map(({ key }) => `${key} DESC`).join(', ')}
LIMIT $1`,
    all,
  );
  return rows.map((row) => decodeRow<StoredCallMetrics>(STORED_METRICS, row));
}

/** All calls that a filter means, page by page: no more than a page is in memory. */
export async function* streamCalls(
  db: Queryable,
  filter: CallFilter,
  { sort, limit, pageSize = 500 }: { sort?: CallSort; limit?: number | undefined; pageSize?: number } = {},
): AsyncGenerator<StoredCallMetrics[]> {
  let [after, left]: [StoredCallMetrics | undefined, number] = [undefined, limit ?? Number.POSITIVE_INFINITY];
  while (left > 0) {
    const most = Math.min(pageSize, left);
    const page = await selectCalls(db, filter, { ...(sort && { sort }), limit: most, after });
    if (page.length > 0) yield page;
    if (page.length < most) return;
    after = page.at(-1);
    left -= page.length;
  }
}

/** What of a call's figures is an estimate. */
export interface Estimates {
  /** Of some turn the playback was not seen: the silence ends with the first audio that was made. */
  silence: boolean;
  /** Some usage is an estimate, and the cost with it. */
  cost: boolean;
}

const ESTIMATES = `\
SELECT l.tenant, l.call_id, bool_or(l.playback_source = 'estimated') AS silence, bool_or(l.usage_estimated) AS cost
FROM :schema.call_logs l WHERE ${isGiven('l')} GROUP BY 1, 2`;

/** What is estimated of calls that have turns. */
export async function estimatesOfCalls(
  db: Queryable,
  calls: readonly CallKey[],
): Promise<ReadonlyMap<CallKey, Estimates>> {
  const rows = await db.query<CallName & { silence: boolean | null; cost: boolean | null }>(
    ESTIMATES,
    keyArrays(calls),
  );
  return new Map(rows.map((row) => [keyOf(row), { silence: row.silence === true, cost: row.cost === true }]));
}

const LOGS = `\
SELECT ${selectList(CALL_LOGS)} FROM :schema.call_logs l WHERE ${isGiven('l')} ORDER BY l.turn_index`;

/** The turns of calls, by call and in order. */
export async function turnsOfCalls(
  db: Queryable,
  calls: readonly CallKey[],
): Promise<ReadonlyMap<CallKey, readonly CallLogRow[]>> {
  const turns = new Map<CallKey, CallLogRow[]>(calls.map((call) => [call, []]));
  for (const row of await db.query(LOGS, keyArrays(calls))) {
    const turn = decodeRow<CallLogRow>(CALL_LOGS, row);
    turns.get(keyOf(turn))?.push(turn);
  }
  return turns;
}

/** Part of what orders calls; a page goes on behind the values of its last call. */
interface Key {
  /** Of a row, never NULL: a comparison with NULL would end the list. */
  readonly key: string;
  readonly value: (call: StoredCallMetrics) => unknown;
  /** From the parameter. */
  readonly cast: (parameter: string) => string;
}

const STARTED: Key = {
  key: 'm.started_at',
  value: (call) => call.started_at,
  cast: (parameter) => `'epoch'::timestamptz + ${parameter}::double precision * interval '1 microsecond'`,
};
const ID: Key = {
  key: 'm.call_id',
  value: (call) => call.call_id,
  cast: (parameter) => `${parameter}::text`,
};
const TENANT: Key = {
  key: 'm.tenant',
  value: (call) => call.tenant,
  cast: (parameter) => `${parameter}::text`,
};
/** No two calls have the same. */
const LATEST = [STARTED, ID, TENANT];

const byNumber = (column: Exclude<(typeof CALL_SORTS)[CallSort], 'started_at' | 'cost_total'>): Key => ({
  key: `coalesce(m.${column}::double precision, '-Infinity')`,
  value: (call) => call[column] ?? Number.NEGATIVE_INFINITY,
  cast: (parameter) => `${parameter}::double precision`,
});
const BY_COST: Key = {
  key: `coalesce(m.cost_total, -1)`,
  value: (call) => ((call.cost_total as Decimal | null) ?? -1).toString(),
  cast: (parameter) => `${parameter}::numeric`,
};

const KEYS: Readonly<Record<CallSort, readonly Key[]>> = {
  started: LATEST,
  cost: [BY_COST, ...LATEST],
  silence: [byNumber(CALL_SORTS.silence), ...LATEST],
  length: [byNumber(CALL_SORTS.length), ...LATEST],
  turns: [byNumber(CALL_SORTS.turns), ...LATEST],
  interruptions: [byNumber(CALL_SORTS.interruptions), ...LATEST],
};
