import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { after, before, type TestContext, test } from 'node:test';
import { serialize } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { PipelineMetrics } from '../../../exporter/metrics/pipeline-metrics.ts';
import { openConnection } from '../../../exporter/pipeline/connection.ts';
import { Finalizer, type FinalizerOptions } from '../../../exporter/pipeline/finalizer.ts';
import { type DoneCall, FinalizingHere } from '../../../exporter/pipeline/finalizing.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import {
  ClaimQueue,
  type Database,
  getCallLogs,
  getCallMetrics,
  Journal,
  keyOf,
  openPostgres,
} from '../../../exporter/store/index.ts';
import type { Fact } from '../../../model/facts.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { call } from '../../unit/calls/builders.ts';
import { callOfShape, KNOWN_SHAPES } from '../../unit/calls/shapes.ts';

// What finalizes in a thread: the same rows, within limits, and without the process's heap.

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

const priceList = catalogue();
const settings = {
  finalizeDelay: 0,
  idleLimit: 0,
  maxCallSpans: 100_000,
  callGap: 3_600_000,
  pricing: 'catalogue',
  prices: undefined,
} as const;

/** A queue whose calls a finalizer with a thread takes, and what the process itself asks of the database. */
async function queueWith(t: TestContext, options: Partial<FinalizerOptions> = {}, yields = false) {
  const url = await server.createMigrated();
  const db = openPostgres({ url, maxConnections: 3 });
  const asked: string[] = [];
  const watched: Database = {
    query: (text, params) => {
      asked.push(text);
      return db.query(text, params);
    },
    transaction: (work) =>
      db.transaction((tx) =>
        work({
          query: (text, params) => {
            asked.push(text);
            return tx.query(text, params);
          },
        }),
      ),
    close: () => db.close(),
  };
  const finalizer = new Finalizer({
    here: new FinalizingHere(watched, (facts) => finalizeCall(facts, priceList), settings, 'here'),
    thread: { postgres: { url, maxConnections: 1 }, settings, workerId: 'thread', yields },
    ...options,
  });
  t.after(async () => {
    await finalizer.close();
    await db.close();
  });
  const queue = new ClaimQueue<DoneCall>(watched, finalizer, { maxCallSpans: settings.maxCallSpans });
  const journal = new Journal(db, { finalizeDelayMs: 0, idleLimitMs: 0 });
  return { db, queue, finalizer, journal, asked };
}

/** With costs, sentences and turns: a bit of everything. */
const large = (callId: string, size: number): Fact[] =>
  [
    call([0, 1], { traceId: 'trace', spanId: 'call' }),
    ...callOfShape(KNOWN_SHAPES['plain turns'] ?? [], size - 1),
  ].map((fact, index) => ({
    ...fact,
    ...(fact.type === 'stage' && { provider: 'openai', model: 'gpt-4o-mini' }),
    callId,
    spanId: `${callId}-${index}`,
  }));

const endOf = (callId: string) => ({ ...call([0, 1]), callId, spanId: `end-of-${callId}` });

const errorsOf = (failed: readonly { callId: string; error: unknown }[]) =>
  failed.map(({ callId, error }) => [callId, (error as { code?: string }).code]);

/** The messages between the process and its threads meanwhile, in bytes. */
function watchMessages(t: TestContext): { toThread: number[]; fromThread: number[] } {
  const seen = { toThread: [] as number[], fromThread: [] as number[] };
  const { postMessage, emit } = Worker.prototype;
  t.after(() => Object.assign(Worker.prototype, { postMessage, emit }));
  Worker.prototype.postMessage = function (message) {
    seen.toThread.push(serialize(message).length);
    return postMessage.call(this, message);
  };
  Worker.prototype.emit = function (this: Worker, event: string, message?: unknown) {
    if (event === 'message') seen.fromThread.push(serialize(message).length);
    return Reflect.apply(emit, this, [event, message]);
  } as typeof emit;
  return seen;
}

/** Of every thread of this process: the 19th field of its `stat`, proc(5). */
async function nicenessOfThreads(): Promise<number[]> {
  const threads = await readdir('/proc/self/task');
  const stats = await Promise.all(threads.map((id) => readFile(`/proc/self/task/${id}/stat`, 'utf8')));
  return stats.map((stat) => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]));
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

test('neither the spans nor the turns of a call come into the process', async (t) => {
  const { db, queue, journal, asked } = await queueWith(t);
  const facts = large('large', 1_000);
  await journal.append(facts);
  const messages = watchMessages(t);
  const { finalized } = await queue.take();
  const done = finalized[0];
  assert.deepEqual([finalized.length, done?.metrics.turn_count, done?.first], [1, 500, true]);
  assert.equal((await getCallLogs(db, 'large')).length, 500);
  const values = sum((done?.measurements ?? []).map((each) => each.values.length));
  assert.ok(sum(messages.toThread) < 1_000, `${sum(messages.toThread)} bytes to the thread`);
  const received = sum(messages.fromThread) - 8 * values;
  assert.ok(values <= 4 * 500 + 100, `${values} values for the metrics`);
  assert.ok(received < 20_000, `${received} bytes from the thread, beside values for the metrics`);
  assert.deepEqual(
    asked.filter((text) => /\bfacts\b|call_logs|INTO :schema.call_metrics/.test(text)),
    [],
    'the process asks for no span and writes no row',
  );
});

test('a call has the same rows as if it were computed here', async (t) => {
  const { db, queue, journal } = await queueWith(t);
  const facts = large('c', 1_000);
  await journal.append(facts);
  const [done] = (await queue.take()).finalized;
  const here = finalizeCall(facts, priceList);
  assert.deepEqual(done?.metrics, here.metrics);
  assert.equal(done?.metrics.cost_total?.toFixed(), here.metrics.cost_total?.toFixed());
  const stored = await getCallMetrics(db, 'c');
  assert.equal(stored?.finalized_by, 'thread');
  assert.deepEqual(await getCallLogs(db, 'c'), here.logs);
});

test('the thread beside an agent gives way to it, and to no one elsewhere', {
  skip: process.platform !== 'linux' && 'a thread has a priority of its own on Linux alone',
}, async (t) => {
  for (const yields of [true, false]) {
    const before = await nicenessOfThreads();
    const { queue, journal } = await queueWith(t, {}, yields);
    await journal.append(large('c', 1_000));
    await queue.take();
    const started = (await nicenessOfThreads()).length - before.length;
    assert.ok(started > 0, `${started} threads more`);
    const given = (all: readonly number[]) => all.filter((niceness) => niceness > getPriority()).length;
    assert.equal(given(await nicenessOfThreads()) - given(before), yields ? 1 : 0);
  }
});

test('a call that takes too long is ended and put back, and so is the next one', async (t) => {
  const { queue, journal } = await queueWith(t, { timeLimitMs: 1 });
  await journal.append([...large('a', 1_000), ...large('b', 1_000)]);
  const { finalized, failed } = await queue.take();
  assert.deepEqual(errorsOf(failed).sort(), [
    ['a', 'EARSHOT_TIMEOUT'],
    ['b', 'EARSHOT_TIMEOUT'],
  ]);
  assert.deepEqual(finalized, []);
});

test('a call that takes too much memory costs the thread its life, and not the process', async (t) => {
  const { queue, journal } = await queueWith(t, { memoryLimitMb: 32 });
  // What is said in it is more than the limit by itself.
  const userText = 'x'.repeat(12_000);
  const huge = large('huge', 6_000).map((fact) => (fact.type === 'turn' ? { ...fact, userText } : fact));
  await journal.append([...huge, ...large('small', 200)]);
  const { finalized, failed } = await queue.take();
  assert.deepEqual(errorsOf(failed), [['huge', 'ERR_WORKER_OUT_OF_MEMORY']]);
  assert.deepEqual(
    finalized.map(({ metrics }) => [metrics.call_id, metrics.turn_count]),
    [['small', 100]],
  );
});

test('what the computation throws is of its call alone and comes back by its name', async (t) => {
  const { db, queue, journal } = await queueWith(t);
  await journal.append([...large('bad', 4), ...large('good', 4)]);
  await db.query(
    `UPDATE :schema.call_spans SET facts = facts || '{"callId": "another"}' WHERE span_id = 'bad-1'`,
  );
  const { finalized, failed } = await queue.take();
  assert.deepEqual(
    failed.map(({ callId, error }) => [callId, (error as Error).name]),
    [['bad', 'RangeError']],
  );
  assert.deepEqual(
    finalized.map(({ metrics }) => metrics.call_id),
    ['good'],
  );
});

test('orders that are given together have their own answers each', async (t) => {
  const { db, queue, finalizer, journal } = await queueWith(t);
  const ofB = large('b', 200);
  await journal.append([...large('a', 400), ...ofB]);
  const [taken, ended] = await Promise.all([
    queue.take({ callIds: ['a'] }),
    finalizer.end({ fact: endOf('b'), startsWithFirst: true }),
  ]);
  assert.deepEqual(
    [
      taken.finalized.map(({ metrics }) => keyOf(metrics)),
      ended.finalized.map(({ metrics }) => keyOf(metrics)),
    ],
    [['default/a'], ['default/b']],
  );
  assert.equal(ended.known, ofB.length);
  assert.equal((await getCallLogs(db, 'b')).length, 100);
});

test('what is wrong with a call that is ended at once comes back with its code, and nothing has changed', async (t) => {
  const { db, finalizer, journal: spans } = await queueWith(t);
  await spans.append(large('c', 200));
  await db.query('DROP TABLE :schema.call_logs');
  await db.query('CREATE VIEW :schema.call_logs AS SELECT 1 AS call_id');
  await assert.rejects(finalizer.end({ fact: endOf('c'), startsWithFirst: true }), { code: '42703' });
  const [journal] = await db.query<{ count: number }>('SELECT count(*)::int FROM :schema.call_spans');
  assert.equal(journal?.count, large('c', 200).length);
});

test('small calls are finalized here: no thread is started for them', async (t) => {
  const messages = watchMessages(t);
  const { db, queue, journal, finalizer } = await queueWith(t);
  const ofC = large('c', 100);
  await journal.append([...large('a', 100), ...large('b', 100), ...ofC]);
  assert.equal((await queue.take({ callIds: ['a', 'b'] })).finalized.length, 2);
  assert.equal((await finalizer.end({ fact: endOf('c'), startsWithFirst: true })).known, ofC.length);
  for (const callId of ['a', 'b', 'c'])
    assert.equal((await getCallMetrics(db, callId))?.finalized_by, 'here');
  assert.deepEqual(messages, { toThread: [], fromThread: [] });
});

test('small calls of other processes are finalized in the thread', async (t) => {
  const { db, queue, journal } = await queueWith(t, { isOwn: (call) => call === 'default/own' });
  await journal.append([...large('own', 100), ...large('of-another', 100)]);
  for (const callIds of [['own'], ['of-another']])
    assert.equal((await queue.take({ callIds })).finalized.length, 1);
  assert.equal((await getCallMetrics(db, 'own'))?.finalized_by, 'here');
  assert.equal((await getCallMetrics(db, 'of-another'))?.finalized_by, 'thread');
});

test('where there is no thread calls are finalized here', async (t) => {
  const messages = watchMessages(t);
  const { db, queue, journal } = await queueWith(t, { thread: undefined });
  await journal.append(large('c', 400));
  assert.equal((await queue.take()).finalized.length, 1);
  assert.equal((await getCallMetrics(db, 'c'))?.finalized_by, 'here');
  assert.deepEqual(messages, { toThread: [], fromThread: [] });
});

test('a process has four connections at most, the one of the thread among them', async (t) => {
  const url = await server.createMigrated();
  const connection = await openConnection({
    database: url,
    settings: { ...settings, schema: 'earshot', spanRetention: 0, exportWait: 0 },
    priceList: undefined,
    metrics: new PipelineMetrics(),
    statementTimeoutMs: 60_000,
  });
  t.after(() => connection.close());
  await connection.journal.append(large('c', 200));
  await connection.finalizeNow({ fact: endOf('c'), startsWithFirst: true });
  const counts = await Promise.all(
    Array.from({ length: 10 }, () =>
      connection.db.query<{ connections: number }>(
        `SELECT count(*)::int AS connections FROM pg_sleep(0.1), pg_stat_activity
        WHERE application_name = 'earshot' AND datname = current_database()`,
      ),
    ),
  );
  assert.equal(Math.max(...counts.map(([row]) => row?.connections ?? 0)), 4);
});
