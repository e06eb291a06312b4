import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Tracer } from '@opentelemetry/api';
import { TracerProvider as TracerProvider2 } from '@opentelemetry/sdk-trace';
import { TracerProvider as TracerProvider3 } from 'sdk-trace-3';
import { CallSpanProcessor } from '../../../exporter/processor.ts';
import { getCallFacts } from '../../../exporter/store/index.ts';
import { conversation, endAll, KEEPS_CONVERSATIONS } from '../../support/conversation.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { connect, rowsOf } from '../../support/processors.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

/** Both take the processor as it is: that this compiles is half of the claim. */
const LINES: Record<string, (processor: CallSpanProcessor) => { getTracer(name: string): Tracer }> = {
  '2.x': (processor) => new TracerProvider2({ spanProcessors: [processor] }),
  '3.x': (processor) => new TracerProvider3({ spanProcessors: [processor] }),
};

test('the same spans give the same rows under SDK 2.x and 3.x', async (t) => {
  const seen: unknown[] = [];
  for (const [line, provide] of Object.entries(LINES)) {
    const databaseUrl = await server.createMigrated();
    const processor = new CallSpanProcessor({
      databaseUrl,
      spoolDir: await temporaryFolder(t),
      ...KEEPS_CONVERSATIONS,
    });
    const provider = provide(processor);
    endAll(conversation(provider.getTracer('earshot'), 'C1', 3));
    await processor.shutdown();
    const db = connect(t, databaseUrl);
    const { metrics, logs } = await rowsOf(db, 'C1', 3);
    assert.equal(metrics.eou_latency_p95, 0.8, line);
    assert.equal((await getCallFacts(db, 'C1')).length, 16, line);
    // Ids are the SDK's own, the clock goes on, and each SDK names its default service as it likes.
    const { finalized_at: _, service_name: __, ...row } = metrics;
    seen.push({ row, logs: logs.map(({ trace_id, ...rest }) => rest) });
  }
  assert.deepEqual(seen[1], seen[0]);
});

test('each SDK line drives the processor by its own forceFlush and shutdown', async (t) => {
  for (const [line, provide] of Object.entries(LINES)) {
    const databaseUrl = await server.createMigrated();
    const processor = new CallSpanProcessor({
      databaseUrl,
      spoolDir: await temporaryFolder(t),
      flushInterval: 60_000,
      ...KEEPS_CONVERSATIONS,
    });
    const provider = provide(processor) as ReturnType<typeof provide> & {
      forceFlush(): Promise<void>;
      shutdown(): Promise<void>;
    };
    endAll(conversation(provider.getTracer('earshot'), 'C1', 1));
    await provider.forceFlush();
    assert.equal(processor.totals?.written, 6, line);
    await provider.shutdown();
    assert.equal(processor.totals?.finalized, 1, line);
  }
});
