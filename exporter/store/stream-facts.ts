import type { Fact } from '../../model/facts.ts';
import type { StoredCallMetrics } from '../../model/rows.ts';
import { MAX_CALL_SPANS, readFacts } from './call-facts.ts';
import { keyOf } from './call-key.ts';
import type { Database } from './database.ts';
import { extentOf } from './extents.ts';
import type { CallFilter } from './filter.ts';
import { getCallFacts } from './read.ts';
import { streamCalls } from './select-calls.ts';
import { DEFAULT_CALL_GAP_MS, numberOf, splitCalls } from './split.ts';

/** A call and what the journal has of it; nothing, where its spans have expired. */
export interface CallWithFacts {
  readonly call: StoredCallMetrics;
  readonly facts: readonly Fact[];
}

const PAGE = 100;
/** Enough for the driver to read them in pages. */
const MANY = 10_000;

/**
 * The calls of a filter with their facts, the latest first, page by page: no more than a page is in memory.
 *
 * @param limit - calls at most
 * @param callGapMs - as the workers have it. (Default: one hour.)
 */
export async function* streamFacts(
  db: Database,
  filter: CallFilter,
  { limit, callGapMs = DEFAULT_CALL_GAP_MS }: { limit: number; callGapMs?: number },
): AsyncGenerator<CallWithFacts[]> {
  for await (const calls of streamCalls(db, filter, { limit, pageSize: PAGE }))
    yield await withFacts(db, calls, callGapMs);
}

/** Some calls with their facts: so many as may be in memory. `callGapMs`: as the workers have it. */
export async function withFacts(
  db: Database,
  calls: readonly StoredCallMetrics[],
  callGapMs: number,
): Promise<CallWithFacts[]> {
  const keys = calls.filter(({ call_id }) => numberOf(call_id) === undefined).map(keyOf);
  const journal = await db.transaction(async (tx) => {
    const extent = await extentOf(tx, keys);
    return readFacts(tx, keys, { maxSpans: MAX_CALL_SPANS, spans: MANY, extent });
  });
  const page: CallWithFacts[] = [];
  for (const call of calls) {
    const [first] = splitCalls(journal.get(keyOf(call)) ?? [], callGapMs * 1e3);
    const facts =
      first ??
      (numberOf(call.call_id) === undefined
        ? []
        : await getCallFacts(db, call.call_id, MAX_CALL_SPANS, callGapMs, call.tenant));
    page.push({ call, facts });
  }
  return page;
}
