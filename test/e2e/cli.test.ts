import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CliLines, type CliOptions, type LineRun, runCli, startCli } from '../support/cli.ts';
import { poll } from '../support/poll.ts';
import { startS3 } from '../support/simulators/s3.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const COMMANDS = [
  'demo',
  'watch',
  'ui',
  'serve',
  'report',
  'check',
  'compare',
  'slo',
  'doctor',
  'migrate',
  'export',
  'reprice',
];
/** What they show is a program's output, or a log. */
const WITHOUT_JSON = ['watch', 'ui', 'serve', 'slo'];
/** What they do is done with files alone. */
const WITHOUT_DATABASE = ['slo'];

describe('earshot on the command line', { concurrency: 2 }, () => {
  const cli = new CliLines();
  after(() => cli.stop());
  const runLines = (lines: readonly (readonly string[])[], options: CliOptions): Promise<LineRun[]> =>
    Promise.all(lines.map((line) => cli.run(line, options)));

  test('without a command, or asked for help, it says which commands there are', async (t) => {
    const cwd = await temporaryFolder(t);
    for (const { code, stdout, stderr } of await runLines([[], ['--help'], ['-h'], ['help']], { cwd })) {
      assert.equal(code, 0, stderr);
      assert.equal(stderr, '');
      for (const command of COMMANDS) assert.match(stdout, new RegExp(`^ +${command} +\\w`, 'm'));
    }
  });

  test('each command explains itself: usage, every option, where it works', async (t) => {
    const cwd = await temporaryFolder(t);
    const runs = await runLines(
      COMMANDS.map((command) => [command, '--help']),
      { cwd },
    );
    for (const [index, command] of COMMANDS.entries()) {
      const { code, stdout = '' } = runs[index] ?? {};
      assert.equal(code, 0, command);
      assert.match(stdout, new RegExp(`^Usage: earshot ${command}`));
      if (!WITHOUT_DATABASE.includes(command)) assert.match(stdout, /DATABASE_URL/);
      if (!WITHOUT_JSON.includes(command)) assert.match(stdout, /^ +--json /m);
    }
  });

  test('--version prints the version of the package', async (t) => {
    const { code, stdout } = await runCli(['--version'], { cwd: await temporaryFolder(t) });
    assert.equal(code, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  });

  test('a schema that cannot be is an error that ends the command, with nothing left open', async (t) => {
    const { code, stderr } = await runCli(['report'], {
      cwd: await temporaryFolder(t),
      env: { EARSHOT_SCHEMA: 'A' },
    });
    assert.equal(stderr, 'earshot: EARSHOT_SCHEMA: saw "A", expected lower-case letters, digits and _.\n');
    assert.equal(code, 2);
  });

  test('a usage error says what was seen and what was expected, and ends with 2', async (t) => {
    const cwd = await temporaryFolder(t);
    const wrong: readonly (readonly [args: readonly string[], says: RegExp])[] = [
      [['reprot'], /no command reprot.*report/],
      [['report', '--jsno'], /^earshot: Unknown option '--jsno'\. See earshot report --help\.\n$/],
      [
        ['report', '--since'],
        /^earshot: Option '--since <value>' argument missing\. See earshot report --help\.\n$/,
      ],
      [['report', 'CA1', 'CA2'], /CA2/],
      [['report', '--limit', 'many'], /--limit: saw many/],
      [['report', '--since', 'monday'], /--since: saw monday.*7d/],
      [['report', 'CA1', '--agent', 'sales'], /with CALL there are no other options/],
      [['report', '--csv', '--json'], /--json and --csv/],
      [['report', '--sort', 'price'], /--sort: saw price, expected one of started, cost/],
      [['report', '--tag', 'plan'], /--tag: saw plan/],
      [['reprice', '--since', 'monday'], /--since: saw monday.*7d/],
      [['demo', '--seed', '-1'], /^earshot: --seed: saw -1, expected .*\n$/],
      [['report', '--limit', '-1'], /^earshot: --limit: saw -1, expected .*\n$/],
      [['check', '--silence-p95', '-5'], /^earshot: --silence-p95: saw -5, expected .*\n$/],
      [['report', '--agent', '--json'], /^earshot: --agent: saw --json, expected its value\. .*\n$/],
      [['report', ''], /saw an argument that is empty/],
      [['open', ''], /saw an argument that is empty/],
      [['demo', '--days', '3'], /--days: goes with --fast alone/],
      [['demo', '--database'], /--database: EARSHOT_DATABASE_URL is not set/],
      [['demo', '--fast', '--calls', '0'], /--calls: saw 0, expected a whole number, 1 to 200000/],
      [['compare', 'version=1'], /expected two selections/],
      [['compare', '1.0', 'version=2'], /A: saw 1\.0, expected NAME=VALUE/],
      [['slo', 'none.yaml'], /none\.yaml cannot be read \(ENOENT\)/],
      [['check'], /saw no limit, expected one of --silence-p50, .*--slo FILE or --baseline CALLS/],
      [
        ['check', '--silence-p95', 'fast'],
        /--silence-p95: saw fast, expected a duration with a unit such as 900ms/,
      ],
      [['check', '--interruption-rate', '150%'], /--interruption-rate: saw 150%, expected a share/],
      [['check', '--unpriced', '0', '--min-turns', '0'], /--min-turns: saw 0/],
      [['check', '--baseline', 'none.json'], /--baseline: cannot read none\.json \(ENOENT\)/],
      [['migrate', 'now'], /now/],
      [['export', '--to', 'x'], /--since is missing/],
      [['export', '--since', '7d'], /--to is missing/],
      [['export', '--since', '7d', '--to', 'gs://x/y'], /--to: saw gs:\/\/x\/y, expected a folder or s3:/],
      [
        ['export', '--since', '7d', '--to', 'x', '--format', 'xlsx'],
        /--format: saw xlsx, expected one of parquet, csv, jsonl/,
      ],
    ];
    const runs = await runLines(
      wrong.map(([args]) => args),
      { cwd },
    );
    for (const [index, [args, says]] of wrong.entries()) {
      const { code, stdout, stderr = '' } = runs[index] ?? {};
      assert.equal(code, 2, args.join(' '));
      assert.equal(stdout, '', args.join(' '));
      assert.match(stderr, /^earshot: /);
      assert.match(stderr, says);
    }
  });

  test('a bad setting ends with 2, names the variable, and shows no secret', async (t) => {
    const cwd = await temporaryFolder(t);
    const env = { EARSHOT_IDLE_LIMIT: 'soon', DATABASE_URL: 'postgres://user:hunter2@127.0.0.1:1/calls' };
    const lines = [['report'], ['migrate'], ['demo']];
    for (const [index, { code, stdout, stderr }] of (await runLines(lines, { cwd, env })).entries()) {
      assert.equal(code, 2, lines[index]?.join(' '));
      assert.equal(stdout, '');
      assert.match(stderr, /EARSHOT_IDLE_LIMIT: saw "soon", expected a duration/);
      assert.doesNotMatch(stderr, /hunter2/);
    }
  });

  test('earshot serve begins with nothing that it could not do, and says what to do', async (t) => {
    const cwd = await temporaryFolder(t);
    await writeFile(join(cwd, 'file'), '');
    const { env: s3 } = await startS3(t);
    const wrong: [Record<string, string>, RegExp][] = [
      [{ LIVEKIT_API_KEY: 'APIkey' }, /LIVEKIT_API_SECRET is not set, and LIVEKIT_API_KEY is: .*Set both/],
      [{ EARSHOT_ADMIN_PORT: '99999' }, /EARSHOT_ADMIN_PORT: saw "99999", expected 0 to 65535/],
      [
        { EARSHOT_RECORDINGS: 'file' },
        /EARSHOT_RECORDINGS: .*file cannot be used \(ENOTDIR\)\. It is to name a folder/,
      ],
      [{ ...s3, EARSHOT_RECORDINGS: 's3://not-there' }, /s3:\/\/not-there cannot be used \(NoSuchBucket\)/],
    ];
    for (const [env, says] of wrong) {
      const { code, stderr } = await cli.run(['serve', '--port', '0'], { cwd, env });
      assert.equal(code, 2, stderr);
      assert.match(stderr, says);
      assert.doesNotMatch(stderr, /hunter2|^ +at /m);
    }
    const nowhere = await cli.run(['export', '--since', '7d', '--format', 'csv', '--to', '/proc/x/y'], {
      cwd,
    });
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.stderr, /--to: \/proc\/x\/y cannot be used \(ENOENT\)\. Choose a folder/);
  });

  test('a database that is not there ends with 1, and shows no secret', async (t) => {
    const cwd = await temporaryFolder(t);
    const env = { DATABASE_URL: 'postgres://user:hunter2@127.0.0.1:1/calls' };
    const lines = [['report'], ['migrate'], ['save', 'CA1', '--out', 'x'], ['ui', '--port', '0']];
    for (const [index, { code, stdout, stderr }] of (await runLines(lines, { cwd, env })).entries()) {
      assert.equal(code, 1, lines[index]?.join(' '));
      assert.equal(stdout, '');
      assert.equal(
        stderr,
        'earshot: DATABASE_URL: nothing answers there. Start the database, or correct the variable (ECONNREFUSED).\n',
      );
      assert.doesNotMatch(stderr, /hunter2/);
      assert.doesNotMatch(stderr, /^ +at /m);
    }
  });

  // One after the other: the end of one process is not to be in another's way.
  describe('on a database that it makes', { concurrency: 1 }, () => {
    let cwd = '';
    before(async () => {
      cwd = await mkdtemp(join(tmpdir(), 'earshot-cli-'));
    });
    after(() => rm(cwd, { recursive: true, force: true }));

    test('an empty database has no calls, which is not an error', async () => {
      const none = await runCli(['report', '--json'], { cwd });
      assert.equal(none.code, 0, none.stderr);
      const { calls, totals } = JSON.parse(none.stdout);
      assert.deepEqual([calls, totals.calls, totals.cost_total], [[], 0, null]);
    });

    test('ui shows an empty database, and says what to do; beside it a call that is not there is an error; a signal ends it', async (t) => {
      const ui = startCli(['ui', '--port', '0'], { cwd });
      t.after(() => ui.kill('SIGKILL'));
      const url = await poll(() => /^http:\/\/127\.0\.0\.1:\d+$/m.exec(ui.output.stdout)?.[0]);
      const page = await fetch(`${url}/calls`);
      assert.match(await page.text(), /<div id="app"><\/div>/);
      assert.deepEqual(await (await fetch(`${url}/api/calls`)).json(), { calls: [] });
      const [words, missing] = await runLines([['report'], ['report', 'CA404']], { cwd });
      assert.ok(words && missing);
      assert.equal(words.code, 0, words.stderr);
      assert.match(words.stdout, /No finished calls/);
      assert.equal(missing.code, 1);
      assert.match(missing.stderr, /no finished call "CA404"/);
      ui.kill('SIGTERM');
      assert.equal((await ui.ended).code, 0);
      const open = await cli.run(['ui', '--host', '0.0.0.0'], { cwd });
      assert.equal(open.code, 2);
      assert.match(open.stderr, /set EARSHOT_AUTH_TOKEN/);
    });
  });
});
