import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MIGRATIONS } from '../../exporter/generated/migrations.ts';
import { migrate } from '../../exporter/store/index.ts';
import { startGround, stopGround, untilAllAre } from '../support/fleet/ground.ts';
import { faultRun, type Ground } from '../support/fleet/run.ts';

let ground: Ground;
before(async () => {
  ground = await startGround(2);
  // A worker that starts when the newer version has been here takes no spans, as it should.
  await untilAllAre(ground, 200);
});
after(() => stopGround(ground));

/** What a next version may do: rewrite a table under a lock, add columns and indexes. */
const NEXT = {
  id: (MIGRATIONS.at(-1)?.id ?? 0) + 1,
  name: 'next_version',
  sql: `\
LOCK TABLE earshot.call_spans, call_queue, call_logs, call_metrics IN ACCESS EXCLUSIVE MODE;
SELECT pg_sleep(1);
ALTER TABLE earshot.call_metrics ADD COLUMN later text;
ALTER TABLE earshot.call_spans ADD COLUMN later double precision DEFAULT random();
CREATE INDEX call_spans_later ON earshot.call_spans (later);`,
};

test('a newer version migrates the database under the load of older workers, and no span or row suffers', async () => {
  const run = faultRun(ground, {
    seed: 2_000,
    calls: 40,
    workers: 2,
    databaseFault: 'none',
    outageMs: 0,
    spreadMs: 2_500,
    cutShare: 0,
    without: ['later'],
  });
  const migrations = [...MIGRATIONS, NEXT];
  const [first, second] = await Promise.all([migrate(ground.db, migrations), migrate(ground.db, migrations)]);
  assert.deepEqual([...first.applied, ...second.applied], ['next_version']);
  await run;
  for (const { url } of ground.fleet.workers()) {
    assert.equal((await fetch(`${url}/readyz`)).status, 200, 'an older worker goes on');
  }
});
