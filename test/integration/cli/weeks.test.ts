import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { trueOwners } from '../../../demo/weeks/silence.ts';
import { simulateWeeks } from '../../../demo/weeks/weeks.ts';
import type { FigureDifference } from '../../../exporter/comparison/compare.ts';
import { openPostgres } from '../../../exporter/store/index.ts';
import { getLatency } from '../../../exporter/store/views/index.ts';
import { type OwnedSilence, ownerName } from '../../../model/owners.ts';
import { CliLines, type LineRun } from '../../support/cli.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { packageRoot } from '../../support/root.ts';

describe('simulated weeks in a database, and what is said of them', () => {
  let postgres: TestPostgres;
  let env: Record<string, string>;
  let demo: LineRun;
  const cli = new CliLines();
  before(async () => {
    postgres = await startPostgres();
    env = { EARSHOT_DATABASE_URL: await postgres.createDatabase() };
    demo = await earshot('demo', '--fast', '--database', '--days', '7', '--calls', '450', '--seed', '2');
  });
  after(async () => {
    await cli.stop();
    await postgres?.stop();
  });

  const earshot = (...args: string[]) => cli.run(args, { cwd: packageRoot, env });
  const changed = ['version=1.4.0', 'version=1.5.0', '--agent', 'front-desk'];

  test('they are written, and what the versions really differ by is shown', () => {
    assert.equal(demo.code, 0, demo.stderr);
    assert.match(demo.stdout, /^450 calls of 7 days, \d+ spans, in [\d.]+ s\.$/m);
    assert.match(
      demo.stdout,
      /^front-desk +1\.4\.0 → 1\.5\.0 +own code before the request 200 ms → 50 ms +/m,
    );
  });

  test('compare finds the change where it is, within its interval', async () => {
    const { code, stdout, stderr } = await earshot('compare', ...changed, '--json');
    assert.equal(code, 0, stderr);
    const { figures, verdict, a, b } = JSON.parse(stdout) as {
      figures: FigureDifference[];
      verdict: string;
      a: { calls: number };
      b: { calls: number };
    };
    assert.ok(a.calls > 100 && b.calls > 30, `${a.calls} and ${b.calls} calls`);
    const find = (name: string) => figures.find((figure) => figure.name === name);
    for (const name of ['silence_mean', 'silence_p50', 'segment_preparation_mean']) {
      const [low = 0, high = 0] = find(name)?.interval ?? [];
      assert.ok(low <= -0.15 && high >= -0.15, `${name}: ${low} to ${high}`);
      assert.equal(find(name)?.judgment, 'better', name);
    }
    assert.notEqual(find('cost_per_minute')?.judgment, 'better');
    assert.match(verdict, / sooner at the median \(.* Most of it is in preparation: −1\d\d ms on average\.$/);
  });

  test('compare shows a line a figure, what it comes to, and what chance does', async () => {
    const { stdout } = await earshot('compare', ...changed);
    assert.match(stdout, /^A {2}version=1\.4\.0: \d+ calls, [\d,]+ turns with a silence$/m);
    assert.match(stdout, /^silence p50 +\d+ ms +\d+ ms +−1\d\d ms +−\d+ to −\d+ ms +better$/m);
    assert.match(stdout, /by chance alone/);
    const forged = await earshot('compare', 'version=1.4.0 version=\u001b[2J', 'version=1.5.0');
    assert.match(forged.stdout, /^A {2}version=1\.4\.0 version=\\x1b\[2J: \d+ calls/m);
  });

  test('what cannot be compared is said, and what is too little', async () => {
    const same = await earshot('compare', 'agent=front-desk', 'agent=front-desk');
    assert.equal(same.code, 2);
    assert.match(same.stderr, /^earshot: A and B are the same calls\.$/m);
    const none = await earshot('compare', 'version=1.4.0', 'version=9.9.9');
    assert.equal(none.code, 1);
    assert.equal(none.stderr, 'earshot: no call matches B (version=9.9.9).\n');
    assert.equal((await earshot('compare', 'version=1.4.0')).code, 2);
  });

  test('check holds calls against others: of another version, or of the time before', async () => {
    const canary = ['check', '--agent', 'front-desk', '--service-version', '1.5.0', '--tolerance', '15%'];
    const { code, stdout, stderr } = await earshot(...canary, '--baseline', 'version=1.4.0');
    assert.match(
      stdout,
      /^silence-p50 +\d+ ms +\d+ to \d+ ms +at most \d+ ms \(baseline\) +[\d,]+ turns +holds$/m,
      stderr,
    );
    assert.ok(code === 0 || code === 1, stdout);
    const back = await earshot(
      ...['check', '--agent', 'front-desk', '--service-version', '1.4.0', '--silence-p50', '60s'],
      ...['--baseline', 'version=1.5.0', '--tolerance', '1%'],
    );
    assert.equal(back.code, 1);
    assert.match(back.stdout, /^silence-p50 .* \(baseline\) .*broken$/m);
    const before = await earshot('check', '--since', '2d', '--baseline', 'last 7d', '--tolerance', '100%');
    assert.equal(before.code, 0, before.stdout + before.stderr);
    const too = await earshot('check', '--since', '2d', '--baseline', 'version=9.9.9');
    assert.equal(too.code, 2);
    assert.match(too.stdout, /unknown +baseline: too few turns: 0, needs 30$/m);
    const itself = await earshot('check', '--baseline', 'last 7d');
    assert.equal(itself.code, 2);
    assert.match(itself.stderr, /which has the calls that are judged; expected --since/);
  });

  test('check takes its limits from the file of promises, and those beside it first', async () => {
    const slo = ['check', '--slo', 'docs/examples/earshot.slo.yaml'];
    const { stdout } = await earshot(...slo, '--silence-p95', '30s');
    assert.match(stdout, /^silence-p95 +\S+ \w+ +\S+ to \S+ \w+ +at most 30\.0 s /m);
    assert.match(
      stdout,
      /^cost-per-minute +\$0\.\d+ +\$0\.\d+ to \$0\.\d+ +at most \$0\.0800 +450 calls +holds$/m,
    );
  });

  test('whose the silence is: the report and the page say what is true', async () => {
    const simulated = simulateWeeks({ seed: 2, calls: 450, days: 7, untilUs: Date.now() * 1_000 });
    const really = trueOwners(
      [...simulated].flatMap(({ turns }) => turns),
      1.2,
    );
    const { totals } = JSON.parse((await earshot('report', '--json')).stdout) as {
      totals: { over_target: { owners: OwnedSilence[] } };
    };
    const db = openPostgres({ url: env.EARSHOT_DATABASE_URL ?? '' });
    const { over } = await getLatency(db, {}, 1.2);
    await db.close();
    for (const owners of [totals.over_target.owners, over.owners])
      assert.deepEqual(
        owners.map((owner) => [ownerName(owner), owner.share.toFixed(4)]),
        really.map(({ name, share }) => [name, share.toFixed(4)]),
      );
  });

  test('they are removed, and nothing else', async () => {
    const { stdout } = await earshot('demo', '--clean', '--database');
    assert.match(stdout, /^Removed 450 calls /);
    assert.match((await earshot('report')).stdout, /^No finished calls/);
  });
});
