import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { storeCalls } from '../../bench/stored-calls.ts';
import { type Database, Journal, openPostgres } from '../../exporter/store/index.ts';
import { turnFact } from '../support/call-rows.ts';
import { CliLines, runCli, startCli } from '../support/cli.ts';
import { poll } from '../support/poll.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { exportedVersions, filesBelow, storedVersions } from '../support/warehouse.ts';

/** Of 43 hours: of two days, at least. */
const CALLS = 2_400;
const EVERY_SECONDS = 65;
/** They are of longer ago than an export leaves for the next. */
const LONG_AGO = `UPDATE :schema.call_metrics SET finalized_at = started_at + interval '2 minutes'`;

let server: TestPostgres;
let db: Database;
let env: Record<string, string>;
const cli = new CliLines();
before(async () => {
  server = await startPostgres();
  const url = await server.createMigrated();
  env = { EARSHOT_DATABASE_URL: url };
  db = openPostgres({ url });
  await storeCalls(db, CALLS, EVERY_SECONDS);
  await db.query(LONG_AGO);
});
after(async () => {
  await cli.stop();
  await db.close();
  await server.stop();
});

test('an export that is killed again and again has every call and turn once in the end', async (t) => {
  const cwd = await temporaryFolder(t);
  const args = ['export', '--since', '30d', '--to', 'warehouse'];
  const to = `${cwd}/warehouse`;
  const isThere = (part: string) => async () =>
    (await filesBelow(to).catch(() => [])).some((name) => name.includes(part));
  // While it writes the first batch, as the first manifest is there, and as the first file is.
  for (const part of ['_tmp', '_manifest', 'part-']) {
    const run = startCli(args, { cwd, env });
    const ended = Promise.race([run.ended, poll(isThere(part))]);
    await ended;
    run.kill('SIGKILL');
    await run.ended;
  }
  const whole = await runCli(args, { cwd, env });
  assert.equal(whole.code, 0, whole.stderr);
  const again = await cli.run(args, { cwd, env });
  assert.match(again.stdout, /^(Nothing new to export|\d+ calls? and)/);
  const exported = await exportedVersions(to);
  assert.equal(exported.calls.length, new Set(exported.calls).size);
  // The latest may have been finalized in the last ten seconds, as they say.
  const expected = await storedVersions(db);
  const left = expected.calls.filter((version) => !exported.calls.includes(version));
  assert.ok(left.length <= 10, `${left.length} calls are of the next run`);
  assert.equal(exported.turns.length, exported.calls.length * 6);
  assert.deepEqual(
    (await filesBelow(to)).filter((name) => name.startsWith('_tmp')),
    [],
  );
});

test('--json says what was exported of each day', async (t) => {
  const cwd = await temporaryFolder(t);
  const { stdout, code } = await cli.run(
    ['export', '--since', '30d', '--format', 'csv', '--to', 'out', '--json'],
    { cwd, env },
  );
  assert.equal(code, 0);
  const { days } = JSON.parse(stdout) as { days: { day: string; rows: Record<string, number> }[] };
  assert.ok(days.length >= 2);
  for (const { day, rows } of days) {
    assert.match(day, /^\d{4}-\d\d-\d\d$/);
    assert.equal(rows.call_logs, 6 * (rows.call_metrics ?? 0));
  }
});

test('--journal writes the spans, once, and as Parquet alone', async (t) => {
  const cwd = await temporaryFolder(t);
  const endUs = (Date.now() - 2 * 86_400_000) * 1_000;
  await new Journal(db).append([turnFact('c', 0, { endUs }), turnFact('c', 1, { endUs })]);
  await db.query(`UPDATE :schema.call_spans SET recorded_at = ended_at`);
  const run = (...more: string[]) =>
    cli.run(['export', '--journal', '--since', '30d', '--to', 'out', ...more], { cwd, env });
  const first = await run();
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stdout, /^2 spans of 1 day, in /);
  const files = await filesBelow(`${cwd}/out`);
  assert.deepEqual(
    files.map((name) => name.replace(/day=[\d-]+/, 'day')),
    ['journal/_manifest/day/000001.json', 'journal/call_spans/day/part-000001.parquet'],
  );
  assert.match((await run()).stdout, /^Nothing new to export\. What was written in the last hour /);
  assert.deepEqual(await filesBelow(`${cwd}/out`), files);
  const csv = await run('--format', 'csv');
  assert.deepEqual([csv.code, csv.stdout], [2, '']);
  assert.match(csv.stderr, /--journal is written as Parquet/);
});
