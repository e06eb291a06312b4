import type { Fact } from '../../model/facts.ts';
import { MAX_CALL_SPANS, readFacts, readSizes } from './call-facts.ts';
import { type CallKey, callKey, partsOf } from './call-key.ts';
import type { Queryable } from './database.ts';
import { type Extent, extentOf } from './extents.ts';
import { DEFAULT_CALL_GAP_MS, factsOfCall } from './split.ts';

/** What the rows of a call are computed from. */
export interface FactsOfRows {
  /** Empty: they have left the journal, all of them or the first. */
  readonly facts: readonly Fact[];
  /** Spans beyond `maxCallSpans`. */
  readonly dropped: number;
  readonly extent: Extent | undefined;
}

export interface FactsOfRowsOptions {
  /** As the workers have it. (Default: 20 000.) */
  maxCallSpans?: number | undefined;
  /** As the workers have it, in milliseconds. (Default: one hour.) */
  callGapMs?: number | undefined;
}

/** The facts of a call as a worker reads them that computes its rows. */
export async function factsOfRows(
  db: Queryable,
  call: CallKey,
  { maxCallSpans = MAX_CALL_SPANS, callGapMs = DEFAULT_CALL_GAP_MS }: FactsOfRowsOptions = {},
): Promise<FactsOfRows> {
  const { tenant, callId } = partsOf(call);
  let read = 0;
  let extent: Extent | undefined;
  const facts = await factsOfCall(callId, callGapMs * 1e3, async (id) => {
    const key = callKey(id, tenant);
    extent = await extentOf(db, [key]);
    const journal = (await readFacts(db, [key], { maxSpans: maxCallSpans, extent })).get(key) ?? [];
    read = journal.length;
    return journal;
  });
  const dropped = ((await readSizes(db, [call])).get(call) ?? 0) - read;
  return { facts, dropped: Math.max(0, dropped), extent };
}
