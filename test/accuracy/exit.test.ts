import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { openPostgres } from '../../exporter/store/postgres.ts';
import { getCallLogs, getCallMetrics } from '../../exporter/store/read.ts';
import { assertUnlessStarved } from '../support/accuracy.ts';
import { startPostgres } from '../support/postgres.ts';
import { run } from '../support/program.ts';
import { watchStalls } from '../support/stalls.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('what an exit may wait for the database is enough: rows are there when the program has ended, ten times of ten', async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const stalls = watchStalls();
  for (let round = 0; round < 10; round += 1) {
    const url = await postgres.createDatabase();
    const spoolDir = await temporaryFolder(t);
    const end = await run('one-call.mjs', {
      args: ['call'],
      env: {
        DATABASE_URL: url,
        EARSHOT_SPOOL_DIR: spoolDir,
        OTEL_TRACES_EXPORTER: 'none',
        OTEL_METRICS_EXPORTER: 'none',
      },
    });
    const database = openPostgres({ url });
    try {
      const metrics = await getCallMetrics(database, 'call').catch(() => undefined);
      const logs = await getCallLogs(database, 'call').catch(() => []);
      const left = await readdir(spoolDir);
      assertUnlessStarved(stalls, () => {
        assert.equal(metrics?.turn_count, 1, end.stderr);
        assert.equal(logs.length, 1, end.stderr);
        assert.deepEqual(left, [], end.stderr);
        assert.doesNotMatch(end.stderr, /to the database|could not be delivered/);
      });
    } finally {
      await database.close();
    }
  }
});
