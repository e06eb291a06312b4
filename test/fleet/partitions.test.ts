import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { partitionJournal, wholeJournal } from '../../exporter/store/index.ts';
import { startGround, stopGround, untilAllAre } from '../support/fleet/ground.ts';
import { faultRun, type Ground } from '../support/fleet/run.ts';

let ground: Ground;
before(async () => {
  ground = await startGround(2);
  // One that migrates after this has made one table of it would divide it again.
  await untilAllAre(ground, 200);
});
after(() => stopGround(ground));

/** One table, as an earlier version made it. */
const WHOLE = `\
CREATE TABLE earshot.call_spans_whole (
  LIKE earshot.call_spans INCLUDING DEFAULTS INCLUDING COMMENTS,
  CONSTRAINT call_spans_whole_pkey PRIMARY KEY (trace_id, span_id, tenant)
);
DROP TABLE earshot.call_spans;
ALTER TABLE earshot.call_spans_whole RENAME TO call_spans;
ALTER INDEX earshot.call_spans_whole_pkey RENAME TO call_spans_pkey;
CREATE INDEX call_spans_call ON earshot.call_spans (call_id, tenant, stage);
CREATE INDEX call_spans_ended_at ON earshot.call_spans (ended_at);`;

test('a journal that is one table is divided into days under load, and no span or row suffers', async () => {
  const options = { workers: 2, outageMs: 0, spreadMs: 1_500, cutShare: 0.3 } as const;
  await ground.db.query(WHOLE);
  await faultRun(ground, { ...options, seed: 3_000, calls: 20, databaseFault: 'none' });
  await faultRun(ground, {
    ...options,
    seed: 3_001,
    calls: 30,
    databaseFault: async () => {
      await Promise.all([partitionJournal(ground.db), partitionJournal(ground.db)]);
    },
  });
  assert.equal(await wholeJournal(ground.db), undefined);
  await faultRun(ground, { ...options, seed: 3_002, calls: 20, databaseFault: 'none' });
});
