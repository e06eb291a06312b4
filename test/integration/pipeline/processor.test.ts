import assert from 'node:assert/strict';
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
  assert.equal(processor.totals?.written, 16);
});

test('a span delivered three times, in any order, changes nothing', async (t) => {
  const databaseUrl = await server.createDatabase();
  const { tracer, processor } = traced(t, { databaseUrl, spoolDir: await temporaryFolder(t) });
  const seen: Parameters<CallSpanProcessor['onEnd']>[0][] = [];
  const onEnd = processor.onEnd.bind(processor);
  processor.onEnd = (span) => {
    seen.push(span);
    onEnd(span);
  };
  endAll(conversation(tracer, 'C1'));
  const db = connect(t, databaseUrl);
  const once = await rowsOf(db, 'C1', 2);
  for (const span of [...seen.toReversed(), ...seen]) onEnd(span);
  await processor.forceFlush();
  await processor.shutdown();
  assert.equal(await journalSize(db), 11);
  const { finalized_at: _, ...thrice } = (await rowsOf(db, 'C1', 2)).metrics;
  const { finalized_at: __, ...first } = once.metrics;
  assert.deepEqual(thrice, first);
});

test('forceFlush resolves when what ended before it is committed', async (t) => {
  const databaseUrl = await server.createDatabase();
  const { tracer, processor } = traced(t, {
    databaseUrl,
    spoolDir: await temporaryFolder(t),
    flushInterval: 60_000,
  });
  const db = connect(t, databaseUrl);
  for (let index = 0; index < 5; index += 1) endSpan(tracer, 'C1', index);
  await processor.forceFlush();
  assert.equal(await journalSize(db), 5);
  // A flush under way does not cover what ends after it began; the next one does.
  const first = processor.forceFlush();
  endSpan(tracer, 'C1', 5);
  await Promise.all([first, processor.forceFlush()]);
  assert.equal(await journalSize(db), 6);
});

test('shutdown writes what waits, gives ended calls their rows, happens once, and ends the work', async (t) => {
  const databaseUrl = await server.createDatabase();
  const { tracer, processor } = traced(t, {
    databaseUrl,
    spoolDir: await temporaryFolder(t),
    flushInterval: 60_000,
    finalizeDelay: 60_000,
  });
  endAll(conversation(tracer, 'C1', 1));
  const first = processor.shutdown();
  assert.equal(processor.shutdown(), first);
  await first;
  const db = connect(t, databaseUrl);
  const { metrics } = await rowsOf(db, 'C1', 1);
  assert.equal(metrics.turn_count, 1);
  endSpan(tracer, 'C1', 9);
  await processor.forceFlush();
  assert.equal(await journalSize(db), 6);
  assert.equal(processor.totals?.accepted, 6);
});

test('a flood beyond the buffer is dropped, counted and said once; the application goes on', async (t) => {
  const databaseUrl = await server.createDatabase();
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
  const databaseUrl = await server.createDatabase();
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
    databaseUrl: await server.createDatabase(),
    spoolDir: await temporaryFolder(t),
  });
  processor.onEnd({} as Parameters<CallSpanProcessor['onEnd']>[0]);
  await poll(() => processor.totals?.dropped.unreadable === 1);
});
