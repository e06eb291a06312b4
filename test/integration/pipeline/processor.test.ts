import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CallSpanProcessor } from '../../../exporter/processor.ts';
import type { Database } from '../../../exporter/store/index.ts';
import { conversation, endAll } from '../../support/conversation.ts';
import { recordDiagnostics } from '../../support/diagnostics.ts';
import { endSpan } from '../../support/end-span.ts';
import { poll } from '../../support/poll.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { connect, journalSize, rowsOf, traced } from '../../support/processors.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** What a busy machine cannot write within a flush's limit waits in the spool, and follows. */
function written(db: Database, spans: number) {
  return poll(async () => (await journalSize(db)) === spans, { what: `${spans} spans in the journal` });
}

/** What a flush promises: its spans are in the journal, or safe in the spool, and follow. */
async function assertFlushed(db: Database, { totals }: CallSpanProcessor, spans: number): Promise<void> {
  const spooled = totals?.spooled ?? 0;
  const committed = await journalSize(db);
  assert.ok(committed + spooled >= spans, `${committed} committed, ${spooled} in the spool, of ${spans}`);
  await written(db, spans);
}

/** The rows when the queue has nothing more to add to them. */
async function settledRowsOf(db: Database, callId: string, turns: number) {
  await poll(async () => (await db.query('SELECT 1 FROM earshot.call_queue')).length === 0);
  return rowsOf(db, callId, turns);
}

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

test('the spans of a call become its rows', async (t) => {
  const databaseUrl = await server.createDatabase();
  const { tracer, processor } = traced(t, { databaseUrl, spoolDir: await temporaryFolder(t) });
  endAll(conversation(tracer, 'C1', 3));
  tracer.startSpan('GET /health').end();
  const { metrics, logs } = await rowsOf(connect(t, databaseUrl), 'C1', 3);
  assert.deepEqual(
    logs.map((row) => row.turn_index),
    [0, 1, 2],
  );
  assert.equal(logs[1]?.eou_latency, 0.8);
  assert.equal(logs[1]?.segment_llm, 0.25);
  assert.equal(metrics.eou_latency_p95, 0.8);
  assert.equal(metrics.outcome, 'SUCCESS');
  assert.equal(metrics.llm_input_tokens, 2_400);
  assert.deepEqual(processor.totals?.dropped, {});
  assert.equal(processor.totals?.accepted, 16);
  await poll(() => processor.totals?.written === 16);
});

test('a span delivered three times, in any order, changes nothing', async (t) => {
  const databaseUrl = await server.createMigrated();
  const spoolDir = await temporaryFolder(t);
  const { tracer, processor } = traced(t, { databaseUrl, spoolDir });
  const seen: Parameters<CallSpanProcessor['onEnd']>[0][] = [];
  const onEnd = processor.onEnd.bind(processor);
  processor.onEnd = (span) => {
    seen.push(span);
    onEnd(span);
  };
  endAll(conversation(tracer, 'C1'));
  const db = connect(t, databaseUrl);
  await written(db, 11);
  const once = await settledRowsOf(db, 'C1', 2);
  for (const span of [...seen.toReversed(), ...seen]) onEnd(span);
  await processor.forceFlush();
  await poll(async () => (await readdir(spoolDir)).length === 0);
  assert.equal(processor.totals?.accepted, 33);
  assert.equal(await journalSize(db), 11);
  const { finalized_at: _, ...thrice } = (await settledRowsOf(db, 'C1', 2)).metrics;
  const { finalized_at: __, ...first } = once.metrics;
  assert.deepEqual(thrice, first);
});

test('forceFlush resolves when what ended before it is committed', async (t) => {
  const databaseUrl = await server.createMigrated();
  const { tracer, processor } = traced(t, {
    databaseUrl,
    spoolDir: await temporaryFolder(t),
    flushInterval: 60_000,
  });
  const db = connect(t, databaseUrl);
  for (let index = 0; index < 5; index += 1) endSpan(tracer, 'C1', index);
  await processor.forceFlush();
  await assertFlushed(db, processor, 5);
  // A flush under way does not cover what ends after it began; the next one does.
  const first = processor.forceFlush();
  endSpan(tracer, 'C1', 5);
  await Promise.all([first, processor.forceFlush()]);
  await assertFlushed(db, processor, 6);
});

test('shutdown writes what waits, gives ended calls their rows, happens once, and ends the work', async (t) => {
  const databaseUrl = await server.createMigrated();
  const { tracer, processor } = traced(t, {
    databaseUrl,
    spoolDir: await temporaryFolder(t),
    flushInterval: 60_000,
    finalizeDelay: 60_000,
  });
  const db = connect(t, databaseUrl);
  // To open the database takes a busy machine longer than a shutdown may take.
  endSpan(tracer, 'C0', 0);
  await processor.forceFlush();
  await written(db, 1);
  endAll(conversation(tracer, 'C1', 1));
  const first = processor.shutdown();
  assert.equal(processor.shutdown(), first);
  await first;
  const { metrics } = await rowsOf(db, 'C1', 1);
  assert.equal(metrics.turn_count, 1);
  endSpan(tracer, 'C1', 9);
  await processor.forceFlush();
  assert.equal(await journalSize(db), 7);
  assert.equal(processor.totals?.accepted, 7);
});

test('a flood beyond the buffer is dropped, counted and said once; the application goes on', async (t) => {
  const databaseUrl = await server.createMigrated();
  const { warn: warnings } = recordDiagnostics(t);
  const { tracer, processor } = traced(t, {
    databaseUrl,
    spoolDir: await temporaryFolder(t),
    bufferSpans: 1_000,
  });
  const before = heapBytes();
  for (let index = 0; index < 50_000; index += 1) endSpan(tracer, 'C1', index);
  const grown = heapBytes() - before;
  await processor.forceFlush();
  assert.deepEqual(processor.totals?.dropped, { buffer_full: 49_000 });
  assert.equal(processor.totals?.accepted, 1_000);
  await written(connect(t, databaseUrl), 1_000);
  assert.equal(warnings.filter((text) => text.includes('dropped')).length, 1, warnings.join('\n'));
  // 50 000 facts would be 20 MB.
  assert.ok(grown < 4_000_000, `${grown} bytes`);
  endSpan(tracer, 'C1', 50_001);
  await processor.forceFlush();
  assert.equal(processor.totals?.accepted, 1_001);
});

test('more than a batch at once is written in batches, none lost', async (t) => {
  const databaseUrl = await server.createMigrated();
  const { tracer, processor } = traced(t, { databaseUrl, spoolDir: await temporaryFolder(t) });
  for (let index = 0; index < 7_000; index += 1) endSpan(tracer, `C${index % 50}`, index);
  await processor.forceFlush();
  await written(connect(t, databaseUrl), 7_000);
  assert.deepEqual(processor.totals?.dropped, {});
});

test('without a database the processor does nothing, and says so once', async (t) => {
  const { warn: warnings } = recordDiagnostics(t);
  const saved = process.env.DATABASE_URL;
  delete process.env.DATABASE_URL;
  try {
    const processor = new CallSpanProcessor();
    assert.equal(processor.totals, undefined);
    await processor.forceFlush();
    await processor.shutdown();
    assert.deepEqual(warnings.length, 1);
    assert.match(warnings[0] ?? '', /EARSHOT_DATABASE_URL is not set/);
  } finally {
    if (saved !== undefined) process.env.DATABASE_URL = saved;
  }
});

test('a span that cannot be read is dropped and counted, and nothing is thrown', async (t) => {
  const { processor } = traced(t, {
    databaseUrl: await server.createMigrated(),
    spoolDir: await temporaryFolder(t),
  });
  processor.onEnd({} as Parameters<CallSpanProcessor['onEnd']>[0]);
  await poll(() => processor.totals?.dropped.unreadable === 1);
});
