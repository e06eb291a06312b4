import { readdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { PipelineMetrics } from '../../../exporter/metrics/pipeline-metrics.ts';
import { Backend, keepReplaying } from '../../../exporter/receiver/index.ts';
import { createLog } from '../../../exporter/receiver/log.ts';
import { Spool } from '../../../exporter/spool/spool.ts';
import { getCallMetrics, openPostgres } from '../../../exporter/store/index.ts';
import { readSettings } from '../../../model/settings.ts';
import { callFact, turnFact } from '../../support/call-rows.ts';
import { poll } from '../../support/poll.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { traced } from '../../support/processors.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

let postgres: TestPostgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

/** A spool with the same call of two tenants, whose process is gone. */
async function leftBehind(dir: string): Promise<void> {
  const spool = new Spool({ folders: [{ path: dir, named: true }], maxBytes: 1_000_000 });
  const [end, turn] = [callFact('c'), turnFact('c', 0)];
  spool.appendSync([end, turn, { ...end, tenant: 'acme' }]);
  spool.releaseSync();
}

async function assertApart(databaseUrl: string, t: Parameters<typeof traced>[0]): Promise<void> {
  const db = openPostgres({ url: databaseUrl });
  t.after(() => db.close());
  const turnsOf = async (tenant: string) => (await getCallMetrics(db, 'c', tenant))?.turn_count;
  await poll(async () => (await turnsOf('acme')) === 0 && (await turnsOf('default')) === 1, {
    what: 'each tenant has its own call',
  });
}

test('what a process has left in the spool comes into its tenant, by another agent', async (t) => {
  const databaseUrl = await postgres.createMigrated();
  const spoolDir = await temporaryFolder(t);
  await leftBehind(spoolDir);
  traced(t, { databaseUrl, spoolDir });
  await assertApart(databaseUrl, t);
  await poll(async () => (await readdir(spoolDir)).length === 0);
});

test('and by serve', async (t) => {
  const databaseUrl = await postgres.createMigrated();
  const spoolDir = await temporaryFolder(t);
  await leftBehind(spoolDir);
  const database = openPostgres({ url: databaseUrl });
  const settings = readSettings({ env: {}, overrides: { finalizeDelay: 50, spanRetention: 1e12 } });
  const metrics = new PipelineMetrics();
  const log = createLog({ level: 'error', format: 'json', write: () => {} });
  const backend = new Backend({ database, settings, metrics, log });
  backend.start();
  await poll(() => backend.ready());
  const stop = keepReplaying({
    folders: [{ path: spoolDir, named: true }],
    maxBytes: 1_000_000,
    metrics,
    write: (facts) => backend.commit(facts),
  });
  t.after(async () => {
    await stop();
    await backend.stop(500);
    await database.close();
    metrics.shutdown();
  });
  await assertApart(databaseUrl, t);
});
