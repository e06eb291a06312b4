import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Fact } from '../../../exporter/facts.ts';
import {
  type Database,
  deleteExpiredSpans,
  type Finalise,
  getCallLogs,
  getCallMetrics,
  Journal,
  Queue,
} from '../../../exporter/store/index.ts';
import { callFact, countTurns, logRow, metricsRow, turnFact } from '../../support/call-rows.ts';
import { onEachDatabase } from '../../support/databases.ts';

const AT_ONCE = { finalizeDelayMs: 0, idleLimitMs: 0 };
const queueOf = (db: Database, finalise: Finalise = countTurns, workerId = 'test') =>
  new Queue(db, { finalise, workerId });

const wholeCall = (callId: string, turns: number): Fact[] => [
  ...Array.from({ length: turns }, (_, index) => turnFact(callId, index)),
  callFact(callId),
];

const withoutStamp = (row: object | undefined) => ({
  ...row,
  finalized_at: undefined,
  finalized_by: undefined,
});

onEachDatabase((databases) => {
  it('turns a call that has ended into its rows, and leaves the queue', async () => {
    const db = await databases.migrated();
    await new Journal(db, AT_ONCE).append(wholeCall('c', 2));
    const result = await queueOf(db).take();
    assert.deepEqual(
      result.finalised.map(({ rows, first }) => [rows.metrics.call_id, first]),
      [['c', true]],
    );
    const { finalized_at, finalized_by, ...metrics } = (await getCallMetrics(db, 'c')) ?? assert.fail();
    assert.deepEqual(metrics, metricsRow('c', { turn_count: 2 }));
    assert.equal(finalized_by, 'test');
    assert.ok(Math.abs(finalized_at / 1_000 - Date.now()) < 60_000, `finalized_at ${finalized_at}`);
    assert.deepEqual(
      (await getCallLogs(db, 'c')).map((row) => row.turn_index),
      [0, 1],
    );
    assert.equal((await queueOf(db).state()).waiting, 0);
  });
});
