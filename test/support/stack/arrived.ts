import assert from 'node:assert/strict';
import type { Database } from '../../../exporter/store/index.ts';
import { storedCall } from '../observed-world.ts';
import { poll } from '../poll.ts';
import { RECOVERY_MS, type Stack } from './stack.ts';

const SPANS_OF_CALL = 'SELECT trace_id, span_id FROM earshot.call_spans WHERE call_id = $1 ORDER BY 1, 2';
interface SpanKey {
  readonly trace_id: string;
  readonly span_id: string;
}

/** Waits until all spans of a call, whose rows its agent writes to `truth`, are in the journal and in Jaeger; gives them by trace. */
export async function arrived(
  stack: Stack,
  truth: Database,
  callId: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  // Its own rows tell when the agent has ended all spans of the call.
  await storedCall(truth, callId, RECOVERY_MS);
  const expected = await truth.query<SpanKey>(SPANS_OF_CALL, [callId]);
  assert.ok(expected.length > 0);
  await poll(async () => (await stack.db.query(SPANS_OF_CALL, [callId])).length >= expected.length, {
    deadlineMs: RECOVERY_MS,
    intervalMs: 200,
    what: `${expected.length} spans of ${callId} in the journal`,
  });
  assert.deepEqual(await stack.db.query<SpanKey>(SPANS_OF_CALL, [callId]), expected);
  await storedCall(stack.db, callId, RECOVERY_MS);
  const byTrace = new Map<string, string[]>();
  for (const { trace_id: traceId, span_id: spanId } of expected) {
    byTrace.set(traceId, [...(byTrace.get(traceId) ?? []), spanId]);
  }
  for (const [traceId, spanIds] of byTrace) {
    await poll(
      async () => {
        const trace = await stack.jaeger.trace(traceId);
        const found = new Set(trace?.spans.map(({ spanID }) => spanID));
        return spanIds.every((id) => found.has(id));
      },
      {
        deadlineMs: RECOVERY_MS,
        intervalMs: 200,
        what: `the ${spanIds.length} spans of trace ${traceId} in Jaeger`,
      },
    );
  }
  return byTrace;
}

/** All that Jaeger, the tables and the metrics say, as text. */
export async function everything(stack: Stack, service: string): Promise<string> {
  const tables = await Promise.all(
    ['call_spans', 'call_queue', 'call_logs', 'call_metrics'].map((table) =>
      stack.db.query<{ row: string }>(`SELECT row_to_json(t)::text AS row FROM earshot.${table} t`),
    ),
  );
  const metrics = await fetch(stack.collector.metricsUrl);
  assert.ok(metrics.ok);
  return [
    await stack.jaeger.everything(service),
    await metrics.text(),
    ...tables.flat().map(({ row }) => row),
  ].join('\n');
}
