import { readdir } from 'node:fs/promises';
import { PipelineMetrics } from '../../exporter/metrics/pipeline-metrics.ts';
import { openConnection } from '../../exporter/pipeline/connection.ts';
import { keepReplaying } from '../../exporter/spool/replayer.ts';
import { openPostgres } from '../../exporter/store/postgres.ts';
import { readSettings } from '../../model/settings.ts';
import { poll } from './poll.ts';

type Environment = Readonly<Record<string, string>>;

/**
 * Does for a process that has ended what the next one would: writes the spans and finalizes the calls that it had no
 * time for. An exit waits for the database for some seconds only, which a busy machine may need for other things; that
 * they are enough on a quiet one is claimed by test/accuracy/exit.
 */
export async function doAsNextProcess(
  env: Environment,
  databaseUrl: string,
  spoolDir: string,
): Promise<void> {
  const left = await readdir(spoolDir);
  if (left.length === 0 && !(await callsWait(databaseUrl))) return;
  const metrics = new PipelineMetrics();
  const settings = readSettings({ env, overrides: { databaseUrl, spoolDir }, warn: () => {} });
  const connection = await openConnection({
    database: databaseUrl,
    settings,
    priceList: undefined,
    metrics,
    statementTimeoutMs: 60_000,
  });
  const stop = keepReplaying({
    folders: [{ path: spoolDir, named: true }],
    maxBytes: settings.spoolMaxBytes,
    metrics,
    write: (facts) => connection.journal.append(facts),
  });
  try {
    await poll(async () => (await readdir(spoolDir)).length === 0, { what: 'an empty spool' });
    await connection.worker.drain();
  } finally {
    await stop();
    await connection.close();
  }
}

async function callsWait(url: string): Promise<boolean> {
  const database = openPostgres({ url });
  try {
    const [table] = await database.query<{ name: string | null }>(
      "SELECT to_regclass('earshot.call_queue') AS name",
    );
    if (table?.name === null) return false;
    return (await database.query('SELECT 1 FROM earshot.call_queue LIMIT 1')).length > 0;
  } finally {
    await database.close();
  }
}
