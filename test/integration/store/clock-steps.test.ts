import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  type Database,
  getCallFacts,
  getCallMetrics,
  Journal,
  Queue,
} from '../../../exporter/store/index.ts';
import { callFact, countTurns, turnFact } from '../../support/call-rows.ts';
import { onEachDatabase } from '../../support/databases.ts';

// Only the database's clock counts, and that can be set, too: by an operator, or by a fail-over to a server whose clock is
// behind. An instant that it has written is then in its future.

const queueOf = (db: Database) => new Queue(db, { finalize: countTurns, workerId: 'test' });

/** As if the database's clock were set back by an hour now. */
const setBack = async (db: Database) => {
  await db.query(`UPDATE :schema.call_spans SET recorded_at = recorded_at + interval '1 hour'`);
  await db.query(`\
UPDATE :schema.call_queue SET
  queued_at = queued_at + interval '1 hour',
  due_at = due_at + interval '1 hour',
  ended_at = ended_at + interval '1 hour'`);
  await db.query(`UPDATE :schema.call_metrics SET finalized_at = finalized_at + interval '1 hour'`);
};

onEachDatabase((databases) => {
  it('a call that waited when the clock was set back has rows at once, and not an hour later', async () => {
    const db = await databases.migrated();
    await new Journal(db).append([turnFact('c', 0), callFact('c')]);
    await new Journal(db).append([turnFact('going', 0)]);
    assert.equal((await queueOf(db).take()).taken, 0);
    await setBack(db);
    const { finalized } = await queueOf(db).take();
    assert.deepEqual(finalized.map(({ rows }) => rows.metrics.call_id).sort(), ['c', 'going']);
    assert.equal((await queueOf(db).take()).taken, 0, 'and that once');
  });

  it('agents take what others left when the clock was set back, too', async () => {
    const db = await databases.migrated();
    await new Journal(db).append([turnFact('c', 0), callFact('c')]);
    assert.equal((await queueOf(db).take({ own: [] })).taken, 0);
    await setBack(db);
    assert.equal((await queueOf(db).take({ own: [] })).taken, 1);
  });

  it('a call that is under way, has failed or rests is not taken sooner for it', async () => {
    const db = await databases.migrated();
    await new Journal(db).append([turnFact('c', 0), callFact('c')]);
    const failing = new Queue(db, {
      finalize: () => {
        throw new RangeError('no');
      },
      workerId: 'test',
    });
    assert.equal((await failing.take({ ended: true })).failed.length, 1);
    await setBack(db);
    assert.equal((await failing.take()).taken, 0);
  });

  it('a late span counts, though the rows that it changes are older than the spans before it', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db);
    await journal.append([turnFact('c', 0), callFact('c')]);
    await setBack(db);
    await queueOf(db).take();
    await journal.append([turnFact('c', 1)]);
    await queueOf(db).take({ callIds: ['c'] });
    assert.equal((await getCallMetrics(db, 'c'))?.turn_count, 2);
    assert.equal((await getCallFacts(db, 'c')).length, 3);
  });
});
