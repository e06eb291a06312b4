import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Database, RollupWorker, writeCallRows } from '../../../exporter/store/index.ts';
import { metricsRow, REFERENCE_US } from '../../support/call-rows.ts';
import { onEachDatabase } from '../../support/databases.ts';
import { poll } from '../../support/poll.ts';
import { assertRollups } from '../../support/rollups.ts';

const AT_ONCE = { pollMs: 20, delaysMs: { slice: 0, hour: 0, day: 0 } };
const HOUR_US = 3_600_000_000;

const write = (db: Database, callId: string, startedAt: number) =>
  db.transaction((tx) =>
    writeCallRows(tx, [{ metrics: metricsRow(callId, { started_at: startedAt }), logs: [] }], 'test'),
  );

const callsOf = async (db: Database, grain: string): Promise<number> => {
  const [row] = await db.query<{ calls: number }>(
    'SELECT coalesce(sum(calls), 0)::int AS calls FROM :schema.rollup_calls WHERE grain = $1',
    [grain],
  );
  return row?.calls ?? 0;
};

/** The database, which refuses to compute hours of one start. */
function refusing(db: Database, at: number): Database {
  return {
    query: (text, params) => db.query(text, params),
    transaction: (work) =>
      db.transaction((tx) =>
        work({
          query: (text, params) =>
            text.includes('INSERT INTO') && params?.[0] === at
              ? Promise.reject(Object.assign(new Error('canceled'), { code: '57014' }))
              : tx.query(text, params),
        }),
      ),
    close: async () => {},
  };
}

onEachDatabase(({ migrated }) => {
  it('computes what changes, for as long as it runs', async () => {
    const db = await migrated();
    const worker = new RollupWorker(db, AT_ONCE);
    worker.start();
    try {
      await write(db, 'old', REFERENCE_US);
      await write(db, 'new', Date.now() * 1e3);
      await poll(async () => (await callsOf(db, 'hour')) === 1 && (await callsOf(db, 'slice')) === 1);
      await write(db, 'older', REFERENCE_US - HOUR_US);
      await poll(async () => (await callsOf(db, 'day')) === 2);
    } finally {
      await worker.stop();
    }
    await assertRollups(db);
  });

  it('a period that cannot be computed is said once, holds up no other, and is tried again by the next process', async () => {
    const db = await migrated();
    const bad = Math.floor(REFERENCE_US / HOUR_US) * HOUR_US;
    const errors: unknown[] = [];
    const worker = new RollupWorker(refusing(db, bad), {
      ...AT_ONCE,
      onError: (error) => errors.push(error),
    });
    await write(db, 'bad', REFERENCE_US);
    worker.start();
    try {
      await poll(() => errors.length === 1);
      for (let n = 1; n < 5; n += 1) {
        await write(db, `good-${n}`, REFERENCE_US - n * HOUR_US);
        await poll(async () => (await callsOf(db, 'hour')) === n);
      }
    } finally {
      await worker.stop();
    }
    assert.equal(errors.length, 1);
    await assertRollups(db);
    assert.equal(await callsOf(db, 'hour'), 5);
  });
});
