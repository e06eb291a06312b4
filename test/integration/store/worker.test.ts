import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import {
  type Database,
  type FinalizedCall,
  FinalizeWorker,
  getCallMetrics,
  Journal,
  openPostgres,
  Queue,
} from '../../../exporter/store/index.ts';
import { callFact, countTurns, turnFact } from '../../support/call-rows.ts';
import { sharedPostgres } from '../../support/databases.ts';
import { poll } from '../../support/poll.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';

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

async function database(): Promise<Database> {
  const db = openPostgres({ url: await server.createMigrated() });
  open.push(db);
  return db;
}

/** A worker with what it has told. */
function workerOn(db: Database, finalize = countTurns) {
  const calls: FinalizedCall[] = [];
  const errors: { error: unknown; callId: string | undefined }[] = [];
  const worker = new FinalizeWorker({
    queue: new Queue(db, { finalize, workerId: 'test' }),
    onFinalized: (call) => calls.push(call),
    onError: (error, call) => errors.push({ error, callId: call?.callId }),
    pollMs: 50,
    idlePollMs: 100,
    batch: 3,
  });
  return { worker, calls, errors };
}

const idsOf = (calls: readonly FinalizedCall[]) => calls.map(({ rows }) => rows.metrics.call_id).sort();

it('finalizes what is due without being told, and leaves what is not', async () => {
  const db = await database();
  const { worker, calls, errors } = workerOn(db);
  worker.start();
  worker.start();
  await new Journal(db, { finalizeDelayMs: 100, idleLimitMs: 60_000 }).append([
    ...['a', 'b', 'c', 'd', 'e'].map((callId) => callFact(callId)),
    turnFact('going', 0),
  ]);
  await poll(() => calls.length === 5);
  await worker.stop();
  assert.deepEqual(idsOf(calls), ['a', 'b', 'c', 'd', 'e']);
  assert.deepEqual(errors, []);
  assert.equal(await getCallMetrics(db, 'going'), undefined);
});

it('wakes at once when it is told, though it would look much later', async () => {
  const db = await database();
  const calls: FinalizedCall[] = [];
  const worker = new FinalizeWorker({
    queue: new Queue(db, { finalize: countTurns, workerId: 'test' }),
    onFinalized: (call) => calls.push(call),
    pollMs: 3_600_000,
    idlePollMs: 3_600_000,
  });
  worker.start();
  await worker.drain();
  await new Journal(db, { finalizeDelayMs: 0 }).append([callFact('c')]);
  worker.wake(20);
  worker.wake(60_000);
  await poll(() => calls.length === 1);
  await worker.stop();
});

it('a drain finalizes all that have ended, due or not, once each', async () => {
  const db = await database();
  const { worker, calls } = workerOn(db);
  const ids = Array.from({ length: 10 }, (_, index) => `c${index}`);
  await new Journal(db).append([...ids.map((callId) => callFact(callId)), turnFact('going', 0)]);
  const counts = await Promise.all([worker.drain(), worker.drain()]);
  assert.deepEqual(counts, [10, 0]);
  assert.deepEqual(idsOf(calls), ids);
  assert.ok(calls.every(({ first }) => first));
});

it('a drain of given calls finalizes these, ended or not, and no others', async () => {
  const db = await database();
  const { worker, calls } = workerOn(db);
  const ids = ['a', 'b', 'c', 'd'];
  await new Journal(db).append([...ids.map((callId) => turnFact(callId, 0)), callFact('other')]);
  assert.equal(await worker.drain([...ids, 'unknown']), 4);
  assert.deepEqual(idsOf(calls), ids);
});

it('a call that fails is told with its id, does not stop a drain, and callbacks that throw stop nothing', async () => {
  const db = await database();
  const errors: (string | undefined)[] = [];
  const worker = new FinalizeWorker({
    queue: new Queue(db, {
      finalize: (facts) => {
        if (facts[0]?.callId === 'b') throw new Error('no');
        return countTurns(facts);
      },
      workerId: 'test',
    }),
    onFinalized: () => {
      throw new Error('from the application');
    },
    onError: (_, call) => {
      errors.push(call?.callId);
      throw new Error('from the application');
    },
    batch: 1,
  });
  await new Journal(db).append(['a', 'b', 'c'].map((callId) => callFact(callId)));
  assert.equal(await worker.drain(), 2);
  assert.deepEqual(errors, ['b']);
  assert.ok(await getCallMetrics(db, 'c'));
});

it('a stopped worker stops looking', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let looks = 0;
  const worker = new FinalizeWorker({
    queue: {
      take: async () => {
        looks += 1;
        return { taken: 0, finalized: [], failed: [] };
      },
      state: async () => ({ waiting: 1, resting: 0, nextDueMs: 0 }),
    },
  });
  const tick = async () => {
    t.mock.timers.tick(60_000);
    // After the look's promises.
    await new Promise((resolve) => setImmediate(resolve));
  };
  worker.start();
  await tick();
  await tick();
  assert.equal(looks, 2);
  await worker.stop();
  worker.wake();
  await tick();
  assert.equal(looks, 2);
});

it('a database that is away is looked for soon, and ever less often the longer it is away', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let away = true;
  let looks = 0;
  const worker = new FinalizeWorker({
    queue: {
      take: async () => {
        looks += 1;
        if (away) throw Object.assign(new Error('No space left on device'), { code: '53100' });
        return { taken: 0, finalized: [], failed: [] };
      },
      state: async () => ({ waiting: 0, resting: 0 }),
    },
  });
  /** Seconds in which the worker looks, of the next so many. */
  const looksWithin = async (seconds: number) => {
    const at: number[] = [];
    for (let second = 1; second <= seconds; second += 1) {
      const before = looks;
      t.mock.timers.tick(1_000);
      // After the look's promises.
      await new Promise((resolve) => setImmediate(resolve));
      if (looks > before) at.push(second);
    }
    return at;
  };
  worker.start();
  t.mock.timers.tick(0);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(looks, 1);
  assert.deepEqual(await looksWithin(35), [1, 3, 7, 15, 25, 35]);
  away = false;
  assert.deepEqual(await looksWithin(20), [10, 20]);
  away = true;
  assert.deepEqual(await looksWithin(17), [10, 11, 13, 17]);
  await worker.stop();
});

it('goes on by itself after the database was away', async () => {
  const own = await startPostgres();
  try {
    const db = openPostgres({ url: await own.createMigrated() });
    await new Journal(db, { finalizeDelayMs: 0 }).append([callFact('a')]);
    const { worker, calls, errors } = workerOn(db);
    await own.kill();
    worker.start();
    await poll(() => errors.length > 0);
    await own.up();
    await poll(() => calls.length === 1);
    await worker.stop();
    assert.ok(errors.every(({ callId }) => callId === undefined));
    await db.close();
  } finally {
    await own.stop();
  }
});
