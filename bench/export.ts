import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, migrate, openPostgres, rollUpAll } from '../exporter/store/index.ts';
import { exportRows, FORMATS, type Format } from '../exporter/warehouse/index.ts';
import { Folder } from '../storage/folder.ts';
import { startPostgres } from '../test/support/postgres.ts';
import type { BenchResult } from './result.ts';
import { storeCalls, TURNS } from './stored-calls.ts';

const CALLS = Number(process.env.EARSHOT_BENCH_CALLS ?? 100_000);
const MONTH = Date.now() * 1e3 - 31 * 86_400e6;

/** What an export of a month takes in time, memory and bytes, by format; and what the same rows take in the database. */
export async function benchExport(): Promise<BenchResult[]> {
  const server = await startPostgres({ shared_buffers: '256MB' });
  try {
    const db = openPostgres({ url: await server.createDatabase(), statementTimeoutMs: 0 });
    await migrate(db);
    await storeCalls(db, CALLS);
    const results: BenchResult[] = [];
    for (const format of Object.keys(FORMATS) as Format[]) results.push(...(await exported(db, format)));
    await rollUpAll(db);
    for (const row of await db.query<{ table: string; bytes: number }>(SIZES))
      results.push({
        name: `${row.table} in PostgreSQL`,
        ours: row.bytes / CALLS,
        unit: 'bytes/call',
        note: `of ${CALLS} calls of ${TURNS} turns, indexes included`,
      });
    await db.close();
    return results;
  } finally {
    await server.stop();
  }
}

const SIZES = `\
SELECT relname AS table, pg_total_relation_size(oid)::double precision AS bytes FROM pg_class
WHERE relkind = 'r' AND relnamespace = ':schema'::regnamespace AND relname ~ '^(call_metrics|call_logs|rollup_)' ORDER BY 1`;

async function exported(db: Database, format: Format): Promise<BenchResult[]> {
  const to = await mkdtemp(join(tmpdir(), 'earshot-bench-'));
  try {
    const cpu = process.cpuUsage();
    let rss = 0;
    const watch = setInterval(() => {
      rss = Math.max(rss, process.memoryUsage.rss());
    }, 50);
    let turns = 0;
    await exportRows(db, {
      to: new Folder(to),
      format,
      since: MONTH,
      marginMs: 0,
      onDay: ({ rows }) => {
        turns += rows.call_logs;
      },
    });
    clearInterval(watch);
    const { user, system } = process.cpuUsage(cpu);
    if (turns !== CALLS * TURNS) throw new Error(`${turns} turns were exported.`);
    const bytes = async (table: string) => {
      const files = await readdir(join(to, table), { recursive: true, withFileTypes: true });
      const sizes = files
        .filter((file) => file.isFile())
        .map(async (file) => (await stat(join(file.parentPath, file.name))).size);
      return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    };
    const result = (what: string, ours: number, unit: string, note: string) => ({
      name: `export ${format}: ${what}`,
      ours,
      unit,
      note,
    });
    return [
      result('CPU', (user + system) / turns, 'µs/turn', "of the process, calls' rows included"),
      result('memory', rss / 1e6, 'MB', 'most of the process at any time'),
      result('call_metrics', (await bytes('call_metrics')) / CALLS, 'bytes/call', 'in the files'),
      result('call_logs', (await bytes('call_logs')) / turns, 'bytes/turn', 'in the files'),
    ];
  } finally {
    await rm(to, { recursive: true, force: true });
  }
}
