import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { migrate, openPostgres } from '../exporter/store/index.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { inTurn } from './measure.ts';
import type { BenchResult } from './result.ts';
import { storeCalls, TURNS } from './stored-calls.ts';

const CALLS = 100_000;
const SOME_CALLS = 10_000;
const ROUNDS = 5;
const MAIN = fileURLToPath(new URL('../cli/main.js', import.meta.url));
/** Prints what the process had in memory at most, when it ends. */
const MEMORY = `data:text/javascript,process.on('exit',()=>process.stderr.write('KB '+process.resourceUsage().maxRSS+'\\n'))`;

/** What the command line takes to answer over many stored calls, and what it holds in memory while it streams them. */
export async function benchReport(): Promise<BenchResult[]> {
  const server = await startPostgres({ shared_buffers: '256MB' });
  try {
    const [url, small] = [await server.createDatabase(), await server.createDatabase()];
    await fill(url, CALLS);
    await fill(small, 100);
    const view = await inTurn(ROUNDS, {
      many: async () => (await run(url)).ms,
      few: async () => (await run(small)).ms,
    });
    const some = await run(url, '--csv', '--limit', String(SOME_CALLS));
    const all = await run(url, '--csv');
    const lines = await run(url, '--jsonl', '--limit', String(SOME_CALLS));
    const stored = `${CALLS} stored calls of ${TURNS} turns`;
    return [
      {
        name: 'report',
        ours: view.many,
        baseline: view.few,
        unit: 'ms',
        note: `the default view over ${stored}, from start to exit, against the same over 100 calls`,
      },
      {
        name: 'report --csv',
        ours: (SOME_CALLS / some.ms) * 1_000,
        unit: 'calls/s',
        note: `${SOME_CALLS} of ${stored} to a pipe, from start to exit`,
      },
      {
        name: 'report --jsonl',
        ours: (SOME_CALLS / lines.ms) * 1_000,
        unit: 'calls/s',
        note: `the same with their turns`,
      },
      {
        name: 'report --csv: memory',
        ours: all.megabytes,
        baseline: some.megabytes,
        unit: 'MB',
        note: `resident at most, ${CALLS} calls against ${SOME_CALLS}: a ratio near 1 is constant memory`,
      },
    ];
  } finally {
    await server.stop();
  }
}

async function fill(url: string, calls: number): Promise<void> {
  const db = openPostgres({ url, statementTimeoutMs: 0 });
  await migrate(db);
  await storeCalls(db, calls);
  await db.close();
  // As a database is that has been running: with statistics, and pages that are known to be visible.
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('VACUUM ANALYZE');
  await client.end();
}

/** Runs `earshot report` to its end. */
async function run(url: string, ...options: string[]): Promise<{ ms: number; megabytes: number }> {
  const begun = performance.now();
  const child = spawn(process.execPath, ['--import', MEMORY, MAIN, 'report', ...options], {
    env: { ...process.env, EARSHOT_DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stdout.resume();
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`report ended with ${code}: ${errors}`);
  return { ms: performance.now() - begun, megabytes: Number(/KB (\d+)/.exec(errors)?.[1]) / 1_024 };
}
