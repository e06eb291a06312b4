import type { Decimal } from 'decimal.js';
import type { Fact, Micros } from '../../model/facts.ts';
import type { CallRows, StoredCallMetrics } from '../../model/rows.ts';
import { type CallKey, keyOf, partsOf } from './call-key.ts';
import type { Database, Queryable } from './database.ts';
import { withRetries } from './errors.ts';
import type { Extent } from './extents.ts';
import { factsOfRows } from './facts-of-rows.ts';
import { getCallMetrics } from './read.ts';
import { writeCallRows } from './rows.ts';

/** Cost columns of `call_metrics`, the total last. */
export const COST_COLUMNS = [
  'cost_stt',
  'cost_llm',
  'cost_tts',
  'cost_livekit',
  'cost_telephony',
  'cost_total',
] as const;
type CostColumn = (typeof COST_COLUMNS)[number];

/** What another price list makes of one call. */
export type Repricing = { readonly tenant: string; readonly callId: string; readonly startedAt: Micros } & (
  | {
      readonly kind: 'changed' | 'same';
      readonly before: Readonly<Record<CostColumn, Decimal | null>>;
      readonly after: Readonly<Record<CostColumn, Decimal | null>>;
      readonly unpriced: readonly string[];
    }
  /** Its spans have left the journal: it keeps its cost. */
  | { readonly kind: 'expired' }
);

export interface RepriceOptions {
  /** Calls that started then or later. */
  since: Micros;
  /** Only calls of this tenant. (Default: of all.) */
  tenant?: string;
  /** Computes the rows with the new prices. Pure. */
  finalize: (facts: readonly Fact[]) => CallRows;
  /** As the workers have it. (Default: 20 000.) */
  maxCallSpans?: number;
  /** As the workers have it, in milliseconds. (Default: one hour.) */
  callGapMs?: number;
  /** Writes what has changed. (Default: false, nothing is written.) */
  apply?: boolean;
  /** Goes into `finalized_by` of the rows that are written. */
  by: string;
  /** How many calls are listed by one statement. (Default: 200.) */
  pageSize?: number;
}

const PAGE_SIZE = 200;
const NEXT_IDS = `\
SELECT tenant, call_id, started_at::text AS started_at FROM :schema.call_metrics
WHERE (started_at, tenant, call_id) > ($1::timestamptz, $2, $3) AND ($5::text IS NULL OR tenant = $5)
ORDER BY started_at, tenant, call_id
LIMIT $4`;
// No id is empty, so the first page begins with calls that started at this very instant.
const SINCE = "SELECT ('epoch'::timestamptz + $1::double precision * interval '1 microsecond')::text AS at";
const LOCK = 'SELECT call_id FROM :schema.call_metrics WHERE tenant = $1 AND call_id = $2 FOR UPDATE';
/**
 * Computes the cost of calls again from the journal, in order of their start. One call at a time and a transaction for
 * each that is written: it can be stopped and started over, and workers go on beside it. A worker that finalizes one of
 * these calls again, for a late span, uses its own prices: give it the new ones first.
 * @throws the driver's error; what was written by then stays. RangeError for a `pageSize` that is no whole number from 1.
 */
export async function* reprice(db: Database, options: RepriceOptions): AsyncGenerator<Repricing> {
  const { pageSize = PAGE_SIZE } = options;
  if (!Number.isInteger(pageSize) || pageSize < 1)
    throw new RangeError(`pageSize is ${pageSize}, expected a whole number from 1`);
  const [start] = await db.query<{ at: string }>(SINCE, [options.since]);
  let after = { started_at: start?.at ?? '-infinity', tenant: '', call_id: '' };
  for (;;) {
    const page = await db.query<typeof after>(NEXT_IDS, [
      after.started_at,
      after.tenant,
      after.call_id,
      pageSize,
      options.tenant ?? null,
    ]);
    for (const row of page) {
      const repricing = await repriceCall(db, keyOf(row), options);
      if (repricing) yield repricing;
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return;
    after = last;
  }
}

async function repriceCall(
  db: Database,
  call: CallKey,
  options: RepriceOptions,
): Promise<Repricing | undefined> {
  if (!options.apply) return (await compare(db, call, options))?.repricing;
  const { tenant, callId } = partsOf(call);
  return withRetries(() =>
    db.transaction(async (tx) => {
      // A worker that writes the same call waits here, or we for it: the comparison holds until the commit.
      await tx.query(LOCK, [tenant, callId]);
      const compared = await compare(tx, call, options);
      if (compared?.rows) await writeCallRows(tx, [compared.rows], options.by, compared.extent);
      return compared?.repricing;
    }),
  );
}

async function compare(
  db: Queryable,
  call: CallKey,
  { finalize, maxCallSpans, callGapMs }: RepriceOptions,
): Promise<
  { repricing: Repricing /** What is to be written. */; rows?: CallRows; extent?: Extent } | undefined
> {
  const { tenant, callId } = partsOf(call);
  const stored = await getCallMetrics(db, callId, tenant);
  if (!stored) return undefined;
  const base = { tenant, callId, startedAt: stored.started_at };
  const { facts, dropped, extent } = await factsOfRows(db, call, { maxCallSpans, callGapMs });
  if (facts.length === 0) return { repricing: { ...base, kind: 'expired' } };
  const rows = finalize(facts);
  if (dropped > 0) rows.metrics.spans_dropped = dropped;
  const before = costs(stored);
  const after = costs(rows.metrics);
  // Another name of the price list does not change the cost.
  const same = COST_COLUMNS.every((column) => equal(before[column], after[column]));
  const namesSame = stored.unpriced.join() === rows.metrics.unpriced.join();
  const repricing = {
    ...base,
    kind: same ? 'same' : 'changed',
    before,
    after,
    unpriced: rows.metrics.unpriced,
  } as const;
  return { repricing, ...(!(same && namesSame) && { rows, ...(extent && { extent }) }) };
}

const costs = (row: StoredCallMetrics | CallRows['metrics']): Record<CostColumn, Decimal | null> => ({
  cost_stt: row.cost_stt,
  cost_llm: row.cost_llm,
  cost_tts: row.cost_tts,
  cost_livekit: row.cost_livekit,
  cost_telephony: row.cost_telephony,
  cost_total: row.cost_total,
});

const equal = (a: Decimal | null, b: Decimal | null): boolean =>
  a === null || b === null ? a === b : a.equals(b);
