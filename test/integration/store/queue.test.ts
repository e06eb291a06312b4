import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import { CALL_LOGS, CALL_METRICS } from '../../../exporter/store/columns.ts';
import {
  callKey,
  type Database,
  type Finalize,
  getCallLogs,
  getCallMetrics,
  Journal,
  listCalls,
  Queue,
  writeCallRows,
} from '../../../exporter/store/index.ts';
import type { Fact } from '../../../model/facts.ts';
import type { CallLogRow, CallMetricsRow } from '../../../model/rows.ts';
import { DEFAULT_TENANT } from '../../../model/tenant.ts';
import { anyRow } from '../../support/any-row.ts';
import { callFact, countTurns, logRow, metricsRow, REFERENCE_US, turnFact } from '../../support/call-rows.ts';
import { onEachDatabase } from '../../support/databases.ts';

const AT_ONCE = { finalizeDelayMs: 0, idleLimitMs: 0 };

const queueOf = (db: Database, finalize: Finalize = countTurns, workerId = 'test') =>
  new Queue(db, { finalize, workerId });

const wholeCall = (callId: string, turns: number): Fact[] => [
  ...Array.from({ length: turns }, (_, index) => turnFact(callId, index)),
  callFact(callId),
];

/** A call's rows without the stamp of who computed them and when. */
async function rowsOf(db: Database, callId: string) {
  const {
    finalized_at: _at,
    finalized_by: _by,
    ...metrics
  } = (await getCallMetrics(db, callId)) ?? assert.fail();
  return { metrics, logs: await getCallLogs(db, callId) };
}

const readQueue = (db: Database) =>
  db.query<{ call_id: string; attempts: number; last_error: string | null; resting: boolean }>(
    `SELECT call_id, attempts, last_error, due_at = 'infinity' AS resting FROM :schema.call_queue ORDER BY call_id`,
  );

onEachDatabase((databases) => {
  it('turns a call that has ended into its rows, and leaves the queue', async () => {
    const db = await databases.migrated();
    await new Journal(db, AT_ONCE).append(wholeCall('c', 2));
    const { taken, finalized, failed } = await queueOf(db).take();
    assert.deepEqual(
      [taken, finalized.map(({ rows, first }) => [rows.metrics.call_id, first]), failed],
      [1, [['c', true]], []],
    );
    const { finalized_at, finalized_by, ...metrics } = (await getCallMetrics(db, 'c')) ?? assert.fail();
    assert.deepEqual(metrics, metricsRow('c', { turn_count: 2 }));
    assert.equal(finalized_by, 'test');
    assert.ok(Math.abs(finalized_at / 1_000 - Date.now()) < 60_000, `finalized_at ${finalized_at}`);
    assert.deepEqual(
      (await getCallLogs(db, 'c')).map((row) => row.turn_index),
      [0, 1],
    );
    assert.deepEqual(await queueOf(db).state(), { waiting: 0, resting: 0 });
  });

  it('does not take what is not due, unless it has ended and is asked for, or is asked for by name', async () => {
    const db = await databases.migrated();
    await new Journal(db).append([...wholeCall('ended', 1), turnFact('going', 0)]);
    const queue = queueOf(db);
    const state = await queue.state();
    assert.equal(state.waiting, 2);
    assert.ok(state.nextDueMs !== undefined && state.nextDueMs > 0 && state.nextDueMs <= 2_000);
    assert.ok(state.oldestSeconds !== undefined && state.oldestSeconds >= 0 && state.oldestSeconds < 60);
    assert.equal((await queue.take()).taken, 0);
    const ids = async (options: Parameters<Queue['take']>[0]) =>
      (await queue.take(options)).finalized.map(({ rows }) => rows.metrics.call_id);
    assert.deepEqual(await ids({ ended: true }), ['ended']);
    assert.deepEqual(await ids({ callIds: ['going', 'unknown'] }), ['going']);
  });

  it('gives the facts in the order of their start, however they arrived', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db, AT_ONCE);
    for (const index of [3, 1, 2, 0]) await journal.append([turnFact('c', index)]);
    let order: unknown[] = [];
    await queueOf(db, (facts) => {
      order = facts.map((fact) => fact.type === 'turn' && fact.turnIndex);
      return countTurns(facts);
    }).take();
    assert.deepEqual(order, [0, 1, 2, 3]);
  });

  it('many workers at once finalize each call once', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db, AT_ONCE);
    await journal.append(Array.from({ length: 60 }, (_, index) => wholeCall(`c${index}`, 2)).flat());
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        queueOf(db, countTurns, `worker-${index}`).take({ limit: 10 }),
      ),
    );
    const finalized = results.flatMap((result) => result.finalized);
    assert.deepEqual([finalized.length, finalized.every(({ first }) => first)], [60, true]);
    assert.equal(new Set(finalized.map(({ rows }) => rows.metrics.call_id)).size, 60);
    assert.deepEqual(await readQueue(db), []);
  });

  it('a late span finalizes the call again, and it is no longer the first time', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db, AT_ONCE);
    await journal.append(wholeCall('c', 1));
    await queueOf(db).take();
    await journal.append([turnFact('c', 1)]);
    const { finalized } = await queueOf(db, countTurns, 'later').take();
    assert.deepEqual(
      finalized.map(({ first }) => first),
      [false],
    );
    const metrics = await getCallMetrics(db, 'c');
    assert.deepEqual([metrics?.turn_count, metrics?.finalized_by], [2, 'later']);
  });

  it('who judges a call begins none, and is heard when the call comes', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db, AT_ONCE);
    const atUs = REFERENCE_US + 3_600_000_000;
    const [traceId, spanId] = ['a'.repeat(32), 'b'.repeat(16)];
    const scores = [{ name: 'tone', value: 1, atUs }];
    await journal.append([
      { type: 'other', traceId, spanId, callId: 'c', name: 'judge', startUs: atUs, endUs: atUs, scores },
    ]);
    const finalize = (facts: readonly Fact[]) => finalizeCall(facts, catalogue());
    assert.deepEqual((await queueOf(db, finalize).take()).finalized, []);
    assert.deepEqual([await getCallMetrics(db, 'c'), await readQueue(db)], [undefined, []]);
    await journal.append(wholeCall('c', 1));
    const { finalized } = await queueOf(db, finalize).take();
    assert.deepEqual(
      finalized.map(({ rows, first }) => [
        rows.metrics.call_id,
        rows.metrics.turn_count,
        rows.scores?.[0]?.value,
        first,
      ]),
      [['c', 1, 1, true]],
    );
  });

  it('computing again from the same facts gives the same rows', async () => {
    const db = await databases.migrated();
    await new Journal(db, AT_ONCE).append(wholeCall('c', 3));
    await queueOf(db).take();
    const before = await rowsOf(db, 'c');
    await db.query(`INSERT INTO :schema.call_queue (call_id, due_at, ended) VALUES ('c', now(), true)`);
    assert.equal((await queueOf(db).take()).finalized[0]?.first, false);
    assert.deepEqual(await rowsOf(db, 'c'), before);
  });

  it('a turn that is no longer in the result is no longer in the table; other calls stay', async () => {
    const db = await databases.migrated();
    const write = (turns: number) =>
      db.transaction((tx) =>
        writeCallRows(
          tx,
          [
            {
              metrics: metricsRow('c'),
              logs: Array.from({ length: turns }, (_, index) => logRow('c', index)),
            },
          ],
          'test',
        ),
      );
    await db.transaction((tx) =>
      writeCallRows(tx, [{ metrics: metricsRow('d'), logs: [logRow('d', 5)] }], 'test'),
    );
    assert.deepEqual([...(await write(3))], [callKey('c')]);
    assert.deepEqual([...(await write(1))], []);
    assert.equal((await getCallLogs(db, 'c')).length, 1);
    await write(0);
    assert.equal((await getCallLogs(db, 'c')).length, 0);
    assert.equal((await getCallLogs(db, 'd')).length, 1);
  });

  it('a call whose computation throws is put back with the class of the error, and holds up no other', async () => {
    const db = await databases.migrated();
    await new Journal(db, AT_ONCE).append([...wholeCall('bad', 1), ...wholeCall('good', 1)]);
    const finalize: Finalize = (facts) => {
      if (facts[0]?.callId === 'bad') throw new RangeError('said in confidence');
      return countTurns(facts);
    };
    const { finalized, failed } = await queueOf(db, finalize).take();
    assert.deepEqual(
      [finalized.map(({ rows }) => rows.metrics.call_id), failed.map(({ callId }) => callId)],
      [['good'], ['bad']],
    );
    assert.deepEqual(await readQueue(db), [
      { call_id: 'bad', attempts: 1, last_error: 'RangeError', resting: false },
    ]);
    assert.equal((await queueOf(db).take({ ended: true })).taken, 0, 'waits for its turn');
  });

  it('a row that the database refuses puts its call back, and holds up no other', async () => {
    const db = await databases.migrated();
    await new Journal(db, AT_ONCE).append(['a', 'bad', 'z'].flatMap((callId) => wholeCall(callId, 1)));
    const finalize: Finalize = (facts) => {
      const rows = countTurns(facts);
      return rows.metrics.call_id === 'bad'
        ? { ...rows, metrics: { ...rows.metrics, turn_count: 1e12 } }
        : rows;
    };
    const { taken, finalized, failed } = await queueOf(db, finalize).take();
    assert.deepEqual([taken, finalized.length, failed.map(({ callId }) => callId)], [3, 2, ['bad']]);
    assert.deepEqual(await readQueue(db), [
      { call_id: 'bad', attempts: 1, last_error: '22003', resting: false },
    ]);
    assert.equal(await getCallMetrics(db, 'bad'), undefined);
    assert.equal((await getCallLogs(db, 'bad')).length, 0);
  });

  it('a call that always fails is left to rest, until a new span of it arrives', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db, AT_ONCE);
    await journal.append(wholeCall('c', 1));
    const failing = new Queue(db, {
      finalize: () => {
        throw new Error('always');
      },
      workerId: 'test',
      maxAttempts: 3,
    });
    for (let attempt = 0; attempt < 3; attempt += 1) await failing.take({ callIds: ['c'] });
    assert.deepEqual(await readQueue(db), [
      { call_id: 'c', attempts: 3, last_error: 'Error', resting: true },
    ]);
    assert.deepEqual(await failing.state(), { waiting: 0, resting: 1 });
    await journal.append([turnFact('c', 1)]);
    assert.deepEqual(await readQueue(db), [{ call_id: 'c', attempts: 0, last_error: null, resting: false }]);
    assert.equal((await queueOf(db).take()).finalized.length, 1);
  });

  it('an error in the middle of the writing rolls back whole', async () => {
    const db = await databases.migrated();
    await new Journal(db, AT_ONCE).append(wholeCall('c', 2));
    const failingAt = (statement: string): Database => ({
      ...db,
      query: (text, params) => db.query(text, params),
      transaction: (work) =>
        db.transaction((tx) =>
          work({
            query: (text, params) =>
              text.startsWith(statement)
                ? Promise.reject(new Error('out of the blue'))
                : tx.query(text, params),
          }),
        ),
    });
    for (const statement of ['INSERT INTO :schema.call_logs', 'WITH scores AS', 'WITH again AS']) {
      await assert.rejects(queueOf(failingAt(statement)).take(), /out of the blue/);
      assert.equal(await getCallMetrics(db, 'c'), undefined);
      assert.equal((await getCallLogs(db, 'c')).length, 0);
      assert.deepEqual(await readQueue(db), [
        { call_id: 'c', attempts: 0, last_error: null, resting: false },
      ]);
    }
    assert.equal((await queueOf(db).take()).finalized[0]?.first, true);
  });

  it('facts that make no call leave the queue and no rows', async () => {
    const db = await databases.migrated();
    await new Journal(db, AT_ONCE).append([turnFact('c', 0)]);
    assert.deepEqual(await queueOf(db, () => undefined).take(), { taken: 1, finalized: [], failed: [] });
    assert.deepEqual(await readQueue(db), []);
    assert.equal(await getCallMetrics(db, 'c'), undefined);
  });

  it('any row comes back from the database as it went in', async () => {
    const db = await databases.migrated();
    const property = fc.asyncProperty(
      anyRow<CallMetricsRow>(CALL_METRICS, metricsRow('')),
      fc.uniqueArray(anyRow<CallLogRow>(CALL_LOGS, logRow('', 0)), {
        maxLength: 5,
        selector: (row) => row.turn_index,
      }),
      async (anyMetrics, anyLogs) => {
        const metrics = { ...anyMetrics, tenant: DEFAULT_TENANT };
        const logs = anyLogs
          .map((row) => ({ ...row, tenant: DEFAULT_TENANT, call_id: metrics.call_id }))
          .sort((a, b) => a.turn_index - b.turn_index);
        await db.transaction((tx) => writeCallRows(tx, [{ metrics, logs }], 'test'));
        assert.deepEqual(await rowsOf(db, metrics.call_id), { metrics, logs });
      },
    );
    await fc.assert(property, { numRuns: 20 });
  });

  it('lists calls, the latest first, as many and since when it is asked', async () => {
    const db = await databases.migrated();
    const calls = ['a', 'b', 'c'].map((callId, index) => ({
      metrics: metricsRow(callId, { started_at: REFERENCE_US + index }),
      logs: [],
    }));
    await db.transaction((tx) => writeCallRows(tx, calls, 'test'));
    const ids = async (options?: Parameters<typeof listCalls>[1]) =>
      (await listCalls(db, options)).map((call) => call.call_id);
    assert.deepEqual(await ids(), ['c', 'b', 'a']);
    assert.deepEqual(await ids({ limit: 1 }), ['c']);
    assert.deepEqual(await ids({ since: REFERENCE_US + 1 }), ['c', 'b']);
  });
});
