import type { TestContext } from 'node:test';
import type { Tracer } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { CallSpanProcessor, type CallSpanProcessorOptions } from '../../exporter/processor.ts';
import { type Database, getCallLogs, getCallMetrics, openPostgres } from '../../exporter/store/index.ts';
import { KEEPS_CONVERSATIONS } from './conversation.ts';
import { poll } from './poll.ts';

/** A processor with a tracer in front of it, shut down with the test. */
export interface Traced {
  readonly processor: CallSpanProcessor;
  readonly tracer: Tracer;
}

/** Short times, so that tests are too; the spool is required because the default one is everybody's. */
export function traced(t: TestContext, options: CallSpanProcessorOptions & { spoolDir: string }): Traced {
  const processor = new CallSpanProcessor({
    flushInterval: 20,
    finalizeDelay: 50,
    ...KEEPS_CONVERSATIONS,
    ...options,
  });
  t.after(() => processor.shutdown().catch(() => {}));
  const provider = new TracerProvider({ spanProcessors: [processor] });
  return { processor, tracer: provider.getTracer('earshot') };
}

/** A connection of the test's own, closed with it. */
export function connect(t: TestContext, url: string): Database {
  const db = openPostgres({ url });
  t.after(() => db.close());
  return db;
}

/** How many spans the journal has; 0 before there is a journal. */
export async function journalSize(db: Database): Promise<number> {
  const [table] = await db.query<{ present: boolean }>(
    `SELECT to_regclass('earshot.call_spans') IS NOT NULL AS present`,
  );
  if (table?.present !== true) return 0;
  const [row] = await db.query<{ count: number }>('SELECT count(*)::int AS count FROM earshot.call_spans');
  return row?.count ?? 0;
}

/** A call's rows, once it has the turns. */
export function rowsOf(db: Database, callId: string, turns: number) {
  return poll(
    async () => {
      const metrics = await getCallMetrics(db, callId);
      return metrics?.turn_count === turns && { metrics, logs: await getCallLogs(db, callId) };
    },
    { what: `rows of ${callId} with ${turns} turns` },
  );
}
