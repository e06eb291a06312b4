import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { doAsNextProcess } from '../../support/next-process.ts';
import { poll } from '../../support/poll.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { connect, journalSize, rowsOf, traced } from '../../support/processors.ts';
import { LATE_PROBE } from '../../support/program.ts';
import { soonerThan } from '../../support/sooner.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const PROGRAM = fileURLToPath(import.meta.resolve('../../support/span-process.js'));

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

type Environment = Readonly<Record<string, string>>;

function run(t: TestContext, env: Environment): ChildProcess {
  const child = spawn(process.execPath, ['--import', LATE_PROBE, PROGRAM], {
    env: {
      PATH: process.env.PATH,
      EARSHOT_FINALIZE_DELAY: '50ms',
      EARSHOT_SPAN_RETENTION: '3650d',
      LATE_MS: '5000',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

async function ended(child: ChildProcess): Promise<number> {
  const [code] = await once(child, 'exit');
  return code;
}

async function spooledBytes(dir: string): Promise<number> {
  const sizes = (await readdir(dir)).map(async (name) => (await stat(join(dir, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** Turns of the call C0 of which a whole line is on disk. */
async function spooledTurns(dir: string): Promise<number> {
  const turns = new Set<number>();
  for (const name of await readdir(dir)) {
    const lines = (await readFile(join(dir, name), 'utf8')).split('\n').slice(0, -1);
    for (const fact of lines.map((line) => JSON.parse(line)))
      if (fact.callId === 'C0' && fact.turnIndex !== undefined) turns.add(fact.turnIndex);
  }
  return turns.size;
}

test('process.exit without a shutdown leaves the spans in the spool, and the next process writes them', async (t) => {
  const databaseUrl = await server.createDatabase();
  const spoolDir = await temporaryFolder(t);
  const env = { DATABASE_URL: databaseUrl, EARSHOT_SPOOL_DIR: spoolDir };
  assert.equal(await ended(run(t, { ...env, CALLS: '3', THEN: 'exit' })), 0);
  assert.equal((await readdir(spoolDir)).length, 1);
  const db = connect(t, databaseUrl);
  assert.equal(await journalSize(db), 0);
  const { processor } = traced(t, { databaseUrl, spoolDir });
  for (const callId of ['C0', 'C1', 'C2']) await rowsOf(db, callId, 1);
  assert.equal(await journalSize(db), 18);
  assert.deepEqual(await readdir(spoolDir), []);
  assert.equal(processor.totals?.replayed, 18);
});

test('a program whose work is done ends by itself; its spans are in the spool or in the database', async (t) => {
  const databaseUrl = await server.createDatabase();
  const spoolDir = await temporaryFolder(t);
  const env = { DATABASE_URL: databaseUrl, EARSHOT_SPOOL_DIR: spoolDir, THEN: 'idle' };
  assert.equal(await soonerThan(60_000, ended(run(t, env))), 0);
  const db = connect(t, databaseUrl);
  if ((await journalSize(db)) < 6) assert.equal((await readdir(spoolDir)).length, 1);
});

test('a program that shuts down on beforeExit leaves rows, or what makes them, and ends by itself', async (t) => {
  const databaseUrl = await server.createDatabase();
  const spoolDir = await temporaryFolder(t);
  const env = { DATABASE_URL: databaseUrl, EARSHOT_SPOOL_DIR: spoolDir, CALLS: '2', THEN: 'shutdown' };
  assert.equal(await soonerThan(60_000, ended(run(t, env))), 0);
  await doAsNextProcess({}, databaseUrl, spoolDir);
  const db = connect(t, databaseUrl);
  await rowsOf(db, 'C0', 1);
  await rowsOf(db, 'C1', 1);
});

test('a program that shuts down with the database away ends by itself, and the next process writes its rows', async (t) => {
  const databaseUrl = await server.createDatabase();
  const spoolDir = await temporaryFolder(t);
  await server.down();
  const env = { DATABASE_URL: databaseUrl, EARSHOT_SPOOL_DIR: spoolDir, THEN: 'shutdown' };
  assert.equal(await ended(run(t, env)), 0);
  await server.up();
  traced(t, { databaseUrl, spoolDir });
  await rowsOf(connect(t, databaseUrl), 'C0', 1);
});

/** Lines of the program in half a second of its own time: it ends a turn every 20 ms, and none while it stands still. */
const HALF_A_SECOND = 25;

test('kill -9: turns that ended half a second earlier are in the rows of another process', async (t) => {
  const databaseUrl = await server.createDatabase();
  const spoolDir = await temporaryFolder(t);
  const env = { DATABASE_URL: databaseUrl, EARSHOT_SPOOL_DIR: spoolDir, THEN: 'stay' };
  const child = run(t, env);
  let seen = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    seen += text;
  });
  const turns = () => seen.split('\n').slice(0, -1).map(Number);
  await poll(() => turns().length >= 75);
  child.kill('SIGKILL');
  await once(child, 'close');
  const safe = turns().slice(0, -HALF_A_SECOND);
  const { processor } = traced(t, { databaseUrl, spoolDir });
  const db = connect(t, databaseUrl);
  const missing = async () => {
    const rows = await db.query<{ turn_index: number }>(
      `SELECT turn_index FROM earshot.call_logs WHERE call_id = 'C0'`,
    );
    const written = new Set(rows.map((row) => row.turn_index));
    return safe.filter((index) => !written.has(index));
  };
  // The call's span ended first: every turn after it is a late one, which queues the call again.
  await poll(async () => (await missing()).length === 0);
  await processor.shutdown();
});

test('kill -9 with the database away: what had gone to disk is in the rows of another process', async (t) => {
  const databaseUrl = await server.createDatabase();
  const spoolDir = await temporaryFolder(t);
  await server.down();
  const child = run(t, { DATABASE_URL: databaseUrl, EARSHOT_SPOOL_DIR: spoolDir, THEN: 'stay' });
  await poll(async () => (await spooledBytes(spoolDir)) > 0);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const spooled = await spooledTurns(spoolDir);
  assert.ok(spooled > 0);
  await server.up();
  traced(t, { databaseUrl, spoolDir });
  const db = connect(t, databaseUrl);
  await poll(async () => {
    const [row] = await db.query<{ turns: number }>(
      `SELECT turn_count AS turns FROM earshot.call_metrics WHERE call_id = 'C0'`,
    );
    return row?.turns === spooled;
  });
  assert.deepEqual(
    (await readdir(spoolDir)).filter((name) => name.endsWith('.ndjson')),
    [],
  );
});
