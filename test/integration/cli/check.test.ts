import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Usd } from '../../../exporter/pricing/index.ts';
import { callKey, giveScores, openPostgres, writeCallRows } from '../../../exporter/store/index.ts';
import { logRow, metricsRow, REFERENCE_US } from '../../support/call-rows.ts';
import { CliLines, runCli } from '../../support/cli.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const MINUTE_US = 60_000_000;

/** Forty calls of one minute and $0.02, with a silence of 0.5 s and one of 0.9 s each; every tenth is interrupted. */
const calls = Array.from({ length: 40 }, (_, n) => {
  const callId = `call-${n}`;
  const startedUs = REFERENCE_US + n * MINUTE_US;
  return {
    metrics: metricsRow(callId, {
      started_at: startedUs,
      ended_at: startedUs + MINUTE_US,
      duration_seconds: 60,
      turn_count: 2,
      agent_name: n < 3 ? 'canary' : 'front-desk',
      interruption_count: n % 10 === 0 ? 1 : 0,
      outcome: n % 4 === 0 ? 'FAIL' : 'SUCCESS',
      cost_total: new Usd('0.02'),
    }),
    logs: [0.5, 0.9].map((eou_latency, index) =>
      logRow(callId, index, { created_at: startedUs, eou_latency }),
    ),
  };
});

describe('earshot check', () => {
  let postgres: TestPostgres;
  let url: string;
  const cli = new CliLines();
  before(async () => {
    postgres = await startPostgres();
    url = await postgres.createMigrated();
    const db = openPostgres({ url });
    await db.transaction((tx) => writeCallRows(tx, calls, 'test'));
    for (const [n, { metrics }] of calls.entries())
      if (n % 2 === 0) await giveScores(db, callKey(metrics.call_id), [{ name: 'tone', value: n / 40 }]);
    await db.close();
  });
  after(async () => {
    await cli.stop();
    await postgres?.stop();
  });

  const check = (cwd: string, ...args: string[]) =>
    cli.run(['check', ...args], { cwd, env: { EARSHOT_DATABASE_URL: url } });

  test('holds the means of scores against limits, over the calls that have them', async (t) => {
    const folder = await temporaryFolder(t);
    const junit = join(folder, 'junit.xml');
    const { code, stdout, stderr } = await check(
      folder,
      ...['--score', 'tone>=0.4', '--score', 'tone <= 0.4', '--score', 'zeal>=1', '--junit', junit],
    );
    assert.equal(code, 1, stdout + stderr);
    assert.match(stdout, /^score tone +0\.475 +at least 0\.4 +20 calls +holds$/m);
    assert.match(stdout, /^score tone +0\.475 +at most 0\.4 +20 calls +broken$/m);
    assert.match(stdout, /^score zeal +– +at least 1 +0 calls +unknown +too few calls: 0, needs 10$/m);
    assert.match(
      await readFile(junit, 'utf8'),
      /name="score tone at most 0.4"><failure message="score tone is 0.475/,
    );
    const wrong = await check(folder, '--score', 'tone=0.4');
    assert.equal(wrong.code, 2);
    assert.match(
      wrong.stderr,
      /--score: saw tone=0.4, expected a name, >= or <=, and a limit of its mean, such as 'politeness>=0.8'/,
    );
  });

  test('ends with 0 where all limits hold, and shows what the figures are', async (t) => {
    const { code, stdout, stderr } = await check(
      await temporaryFolder(t),
      ...['--silence-p95', '900ms', '--cost-per-minute', '0.02', '--interruption-rate', '5%'],
      ...['--success-rate', '75%', '--unpriced', '0'],
    );
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^silence-p95 +900 ms +900 to 900 ms +at most 900 ms +80 turns +holds$/m);
    assert.match(
      stdout,
      /^cost-per-minute +\$0\.0200 +\$0\.0200 to \$0\.0200 +at most \$0\.0200 +40 calls +holds$/m,
    );
    assert.match(
      stdout,
      /^interruption-rate +5\.0 % +\d+\.\d to \d+\.\d % +at most 5\.0 % +80 turns +holds$/m,
    );
    assert.match(stdout, /^success-rate +75\.0 % +\d+\.\d to \d+\.\d % +at least 75\.0 % +40 calls +holds$/m);
  });

  test('ends with 1 where one is broken, and writes for JUnit, Markdown and GitHub', async (t) => {
    const cwd = await temporaryFolder(t);
    await writeFile(join(cwd, 'summary.md'), '# Before\n');
    const written = ['--github', '--junit', 'earshot.xml', '--markdown', 'summary.md'];
    const { code, stdout } = await runCli(['check', '--silence-p50', '600ms', ...written], {
      cwd,
      env: { EARSHOT_DATABASE_URL: url },
    });
    assert.equal(code, 1);
    assert.match(stdout, /^::error title=earshot check::silence-p50 is 700 ms, expected at most 600 ms/m);
    assert.match(await readFile(join(cwd, 'earshot.xml'), 'utf8'), /failures="1" errors="0"/);
    assert.match(await readFile(join(cwd, 'summary.md'), 'utf8'), /^# Before\n\| check \|/);
  });

  test('ends with 2 where there are too few turns to say anything', async (t) => {
    const cwd = await temporaryFolder(t);
    const { code, stdout } = await check(cwd, '--agent', 'canary', '--silence-p95', '900ms');
    assert.equal(code, 2);
    assert.match(stdout, /unknown +too few turns: 6, needs 30$/m);
    const fewer = await check(cwd, '--agent', 'canary', '--silence-p95', '900ms', '--min-turns', '5');
    assert.equal(fewer.code, 0, fewer.stdout);
    const none = await check(cwd, '--agent', 'no such agent', '--unpriced', '0');
    assert.equal(none.code, 2);
  });

  test('what it writes as JSON is the baseline of the next', async (t) => {
    const cwd = await temporaryFolder(t);
    const first = await check(cwd, '--unpriced', '0', '--json');
    await writeFile(join(cwd, 'baseline.json'), first.stdout);
    assert.equal(JSON.parse(first.stdout).figures['silence-p50'], 0.7);
    assert.equal((await check(cwd, '--baseline', 'baseline.json')).code, 0);
    const better = { figures: { 'silence-p95': 0.8 } };
    await writeFile(join(cwd, 'better.json'), JSON.stringify(better));
    assert.equal((await check(cwd, '--baseline', 'better.json')).code, 1);
    assert.equal((await check(cwd, '--baseline', 'better.json', '--tolerance', '15%')).code, 0);
  });

  test('a database that a command may not use is said by its variable, with the reason and what to do', async (t) => {
    const cwd = await temporaryFolder(t);
    const db = openPostgres({ url });
    for (const statement of [
      'CREATE ROLE reader LOGIN',
      'GRANT USAGE ON SCHEMA earshot TO reader',
      'GRANT SELECT ON ALL TABLES IN SCHEMA earshot TO reader',
    ])
      await db.query(statement);
    await db.close();
    const [reader, nowhere] = [new URL(url), new URL(url)];
    reader.username = 'reader';
    nowhere.pathname = '/nowhere';
    // What goes on before it may have been denied as well.
    const denied =
      /^earshot: EARSHOT_DATABASE_URL: permission denied for table call_\w+: the user may not write there, or .* \(42501\)\.$/m;
    const missing =
      /^earshot: EARSHOT_DATABASE_URL: there is no database of that name\. Create it, .* \(3D000\)\.\n$/;
    const runs: readonly (readonly [URL, readonly string[], RegExp])[] = [
      [reader, ['score', 'call-1', 'politeness=1'], denied],
      [reader, ['demo', '--clean', '--database'], denied],
      [nowhere, ['migrate'], missing],
      [nowhere, ['save', 'call-1', '--out', 'x'], missing],
      [nowhere, ['report'], missing],
    ];
    for (const [{ href }, args, says] of runs) {
      const { code, stdout, stderr } = await runCli(args, { cwd, env: { EARSHOT_DATABASE_URL: href } });
      assert.deepEqual([code, stdout], [1, ''], args.join(' '));
      assert.match(stderr, says);
    }
  });

  test('a file that cannot be written is said, and ends with 1', async (t) => {
    const { code, stderr } = await check(
      await temporaryFolder(t),
      '--unpriced',
      '0',
      '--junit',
      'no/such/folder.xml',
    );
    assert.equal(code, 1);
    assert.match(stderr, /^earshot: --junit: cannot write/);
  });
});
