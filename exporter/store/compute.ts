import { setImmediate } from 'node:timers/promises';
import type { Fact } from '../../model/facts.ts';
import type { CallRows } from '../../model/rows.ts';
import { isJudgment } from '../../model/scores.ts';
import { readFacts } from './call-facts.ts';
import type { CallKey } from './call-key.ts';
import type { Database } from './database.ts';
import { type Extent, extentOf } from './extents.ts';
import { splitCalls } from './split.ts';

/** A call's facts to its rows, pure. `undefined`: these facts make no call. */
export type Finalize = (facts: readonly Fact[]) => CallRows | undefined | Promise<CallRows | undefined>;

/** What was computed of one call. */
export interface Computed {
  readonly call: CallKey;
  /** The calls that came under the id. */
  readonly calls?: readonly CallRows[] | undefined;
  readonly error?: unknown;
}

/** Calls are computed for so long at a stretch, in milliseconds, and to the end of the call at hand. */
const WORK_MS = 4;

/** What was computed of some calls, and when their spans ended. */
export interface ComputedCalls {
  readonly computed: readonly Computed[];
  readonly extent: Extent;
}

/** Reads the facts of calls and computes their rows. What one of them throws is its own. */
export async function computeCalls(
  transaction: Database['transaction'],
  calls: readonly CallKey[],
  sizes: ReadonlyMap<CallKey, number>,
  { finalize, callGapMs, maxCallSpans }: { finalize: Finalize; callGapMs: number; maxCallSpans: number },
): Promise<ComputedCalls> {
  const spans = calls.reduce((sum, call) => sum + Math.min(sizes.get(call) ?? 0, maxCallSpans), 0);
  const { extent, factsByCall } = await transaction(async (tx) => {
    const extent = await extentOf(tx, calls);
    return { extent, factsByCall: await readFacts(tx, calls, { maxSpans: maxCallSpans, spans, extent }) };
  });
  const computed: Computed[] = [];
  let pauseAtMs = performance.now() + WORK_MS;
  for (const call of calls) {
    // Other work of the process goes on in between. Not between any two calls: where there is much of it, every pause
    // is long.
    if (performance.now() >= pauseAtMs) {
      await setImmediate();
      pauseAtMs = performance.now() + WORK_MS;
    }
    const facts = factsByCall.get(call) ?? [];
    try {
      const rowsOfCalls: CallRows[] = [];
      for (const part of splitCalls(facts, callGapMs * 1e3)) {
        // Who judges a call begins none. What it says waits in the journal until the call comes.
        const rows = part.every(isJudgment) ? undefined : await finalize(part);
        if (rows !== undefined) rowsOfCalls.push(rows);
      }
      const dropped = (sizes.get(call) ?? 0) - facts.length;
      const last = rowsOfCalls.at(-1);
      if (last !== undefined && dropped > 0 && Number.isFinite(dropped)) last.metrics.spans_dropped = dropped;
      computed.push({ call, calls: rowsOfCalls });
    } catch (error) {
      computed.push({ call, error });
    }
  }
  return { computed, extent };
}
