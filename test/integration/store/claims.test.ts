import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  ClaimedCalls,
  callKey,
  type Database,
  type Finalize,
  getCallLogs,
  getCallMetrics,
  Journal,
  listRestingCalls,
  Queue,
  type QueueOptions,
} from '../../../exporter/store/index.ts';
import { callFact, countTurns, turnFact } from '../../support/call-rows.ts';
import { onEachDatabase } from '../../support/databases.ts';
import { poll } from '../../support/poll.ts';

const AT_ONCE = { finalizeDelayMs: 0, idleLimitMs: 0 };

const queueOf = (db: Database, finalize: Finalize = countTurns, options: Partial<QueueOptions> = {}) =>
  new Queue(db, { finalize, workerId: 'test', ...options });

interface Entry {
  call_id: string;
  attempts: number;
  claimed: boolean;
  due_at: string;
}

const readQueue = (db: Database) =>
  db.query<Entry>(
    'SELECT call_id, attempts, claim IS NOT NULL AS claimed, due_at::text FROM :schema.call_queue ORDER BY call_id',
  );

/** A worker that was killed at its work: the claim is there, and has lapsed. */
const die = (db: Database): Promise<unknown> =>
  poll(() => {
    // The claim of the one before lapses at an instant, and may not have done so yet: then nothing is taken.
    const begun = new Promise<boolean>((resolve) => {
      const finalize = () => {
        resolve(true);
        return new Promise<never>(() => {});
      };
      void queueOf(db, finalize, { claimMs: 0 })
        .take()
        .then(() => resolve(false));
    });
    return begun;
  });

onEachDatabase((databases) => {
  it('an outage that breaks off the work and outlasts it is no attempt', async () => {
    const db = await databases.migrated();
    await new Journal(db, AT_ONCE).append([turnFact('c', 0), callFact('c')]);
    let away = false;
    const broken = () => Promise.reject(Object.assign(new Error('disk full'), { code: '53100' }));
    const flaky: Database = {
      query: (text, params) => (away ? broken() : db.query(text, params)),
      transaction: (work) => (away ? broken() : db.transaction(work)),
      close: () => db.close(),
    };
    const queue = new Queue(flaky, {
      finalize: (facts) => {
        away = attempt < 12;
        return countTurns(facts);
      },
      workerId: 'test',
      maxAttempts: 10,
    });
    let attempt = 1;
    for (; attempt < 12; attempt += 1) {
      await assert.rejects(queue.take(), { code: '53100' });
      // Not even the claim can be given back yet.
      await assert.rejects(queue.take(), { code: '53100' });
      away = false;
    }
    assert.equal((await queue.take()).finalized.length, 1);
  });

  it('counts the attempt before the work', async () => {
    const db = await databases.migrated();
    await new Journal(db, AT_ONCE).append([callFact('c')]);
    let seen: Entry[] = [];
    await queueOf(db, async (facts) => {
      seen = await readQueue(db);
      return countTurns(facts);
    }).take();
    assert.deepEqual(
      seen.map(({ attempts, claimed }) => ({ attempts, claimed })),
      [{ attempts: 1, claimed: true }],
    );
  });

  it('a span that comes during the work holds nothing up, and queues the call again', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db, AT_ONCE);
    await journal.append([callFact('c')]);
    const { finalized } = await queueOf(db, async (facts) => {
      await journal.append([turnFact('c', 0)]);
      return countTurns(facts);
    }).take();
    assert.equal(finalized.length, 1, 'has rows all the same');
    assert.equal((await getCallMetrics(db, 'c'))?.turn_count, 0);
    await queueOf(db).take({ ended: true });
    assert.equal((await getCallMetrics(db, 'c'))?.turn_count, 1);
    assert.deepEqual(await readQueue(db), []);
  });

  it('a call whose worker died is taken again, and rests when it has been begun too often', async () => {
    const db = await databases.migrated();
    await new Journal(db, AT_ONCE).append([callFact('c')]);
    for (const _ of [1, 2]) await die(db);
    const { taken, failed } = await poll(async () => {
      const result = await queueOf(db, countTurns, { maxAttempts: 2 }).take();
      return result.taken > 0 && result;
    });
    assert.deepEqual([taken, failed.map(({ callId, resting }) => [callId, resting])], [1, [['c', true]]]);
    assert.deepEqual(await listRestingCalls(db), [
      { tenant: 'default', call_id: 'c', last_error: 'unfinished' },
    ]);
    assert.deepEqual(await queueOf(db).state(), { waiting: 0, resting: 1 });
  });

  it('rows are not written by a worker whose claim has passed to another', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db, AT_ONCE);
    await journal.append([callFact('c')]);
    const { finalized } = await queueOf(
      db,
      async (facts) => {
        await journal.append([turnFact('c', 0)]);
        assert.equal((await queueOf(db).take({ callIds: ['c'] })).finalized.length, 1);
        return countTurns(facts);
      },
      { claimMs: 0 },
    ).take();
    assert.deepEqual(finalized, []);
    assert.equal((await getCallMetrics(db, 'c'))?.turn_count, 1);
  });

  it('spans that keep coming put an ended call off, but not for long', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db);
    await journal.append([callFact('c')]);
    const [before] = await readQueue(db);
    await journal.append([turnFact('c', 0)]);
    const [later] = await readQueue(db);
    assert.ok(before && later && later.due_at > before.due_at);
    await db.query(`UPDATE :schema.call_queue SET ended_at = now() - interval '13 seconds'`);
    await journal.append([turnFact('c', 1)]);
    assert.equal((await queueOf(db).take()).finalized.length, 1);
  });

  it('a call that goes on and on has rows after a number of idle limits', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db);
    await journal.append([turnFact('c', 0)]);
    await db.query(`UPDATE :schema.call_queue SET queued_at = now() - interval '5 hours'`);
    await journal.append([turnFact('c', 1)]);
    assert.equal((await queueOf(db).take()).finalized.length, 1);
  });

  it('a call with too many spans has rows of those that fit, and says so', async () => {
    const db = await databases.migrated();
    const turns = Array.from({ length: 9 }, (_, index) => turnFact('c', index));
    await new Journal(db, AT_ONCE).append([...turns, callFact('c', { startUs: turnFact('c', 50).startUs })]);
    let read = 0;
    const counting: Finalize = (facts) => {
      read = facts.length;
      assert.ok(
        facts.some(({ type }) => type === 'call'),
        'the span of the call is among them',
      );
      return countTurns(facts);
    };
    await queueOf(db, counting, { maxCallSpans: 6 }).take();
    assert.equal(read, 6);
    const metrics = await getCallMetrics(db, 'c');
    assert.deepEqual([metrics?.turn_count, metrics?.spans_dropped], [5, 4]);
  });

  it('a call that cannot be computed in time does not hold up others of the same batch', async () => {
    const db = await databases.migrated();
    await new Journal(db, AT_ONCE).append([callFact('bad'), callFact('good')]);
    const finalize: Finalize = async (facts) => {
      if (facts[0]?.callId === 'bad') throw Object.assign(new Error('too long'), { code: 'EARSHOT_TIMEOUT' });
      return countTurns(facts);
    };
    const { finalized, failed } = await queueOf(db, finalize).take();
    assert.deepEqual([finalized.length, failed.map(({ callId }) => callId)], [1, ['bad']]);
  });

  it('leaves calls of others to them, until they are long overdue', async () => {
    const db = await databases.migrated();
    await new Journal(db, AT_ONCE).append(['mine', 'theirs'].map((callId) => callFact(callId)));
    const queue = queueOf(db);
    const ids = async () =>
      (await queue.take({ own: [callKey('mine')] })).finalized.map(({ rows }) => rows.metrics.call_id);
    assert.deepEqual(await ids(), ['mine']);
    assert.deepEqual(await ids(), []);
    const { nextTakeMs } = await queue.state([callKey('mine')]);
    assert.ok(nextTakeMs !== undefined && nextTakeMs > 1_000, `looks again in ${nextTakeMs} ms`);
    await db.query(`UPDATE :schema.call_queue SET due_at = now() - interval '1 minute'`);
    assert.deepEqual(await ids(), ['theirs']);
  });

  it('writes only the turns that have changed', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db, AT_ONCE);
    await journal.append([callFact('c'), turnFact('c', 0), turnFact('c', 1)]);
    await queueOf(db).take();
    const versions = () =>
      db.query<{ turn_index: number; version: string }>(
        'SELECT turn_index, xmin::text AS version FROM :schema.call_logs ORDER BY turn_index',
      );
    const before = await versions();
    await journal.append([turnFact('c', 2)]);
    await queueOf(db).take();
    const after = await versions();
    assert.deepEqual(after.slice(0, 2), before);
    assert.equal(after.length, 3);
  });

  it('finalizes in a transaction of the caller, with what it has written', async () => {
    const db = await databases.migrated();
    const calls = new ClaimedCalls(db, { finalize: countTurns, workerId: 'test' });
    const write = (fail: boolean) =>
      db.transaction(async (tx) => {
        await new Journal(tx, AT_ONCE).append([callFact('c'), turnFact('c', 0)]);
        const finalized = await calls.finalizeIn(tx, [callKey('c')]);
        if (fail) throw new Error('after all');
        return finalized.length;
      });
    await assert.rejects(write(true), /after all/);
    assert.deepEqual([await getCallMetrics(db, 'c'), await readQueue(db)], [undefined, []]);
    assert.equal(await write(false), 1);
    assert.equal((await getCallLogs(db, 'c')).length, 1);
    assert.deepEqual(await readQueue(db), []);
  });
});
