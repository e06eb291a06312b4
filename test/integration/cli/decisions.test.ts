import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { figuresOf } from '../../../exporter/checks/figures.ts';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import { callTotals, Journal, openPostgres, writeCallRows } from '../../../exporter/store/index.ts';
import { getCallSamples } from '../../../exporter/store/views/index.ts';
import { readSettings } from '../../../model/settings.ts';
import { servePage } from '../../../ui/server/index.ts';
import { callSamples, checkedTotals } from '../../support/call-samples.ts';
import { CliLines } from '../../support/cli.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { simulatedWeeks } from '../../support/simulated-weeks.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** Before all of the simulated weeks. */
const SINCE = ['--since', '2026-11-01', '--utc'];

describe('decisions from the command line', () => {
  let postgres: TestPostgres;
  let url: string;
  const cli = new CliLines();
  const weeks = simulatedWeeks({ seed: 3, calls: 180, days: 7 });
  const rows = weeks.map(({ facts }) => finalizeCall(facts, catalogue()));
  before(async () => {
    postgres = await startPostgres();
    url = await postgres.createMigrated();
    const db = openPostgres({ url });
    await new Journal(db).append(weeks.flatMap(({ facts }) => facts));
    await db.transaction((tx) => writeCallRows(tx, rows, 'test'));
    await db.close();
  });
  after(async () => {
    await cli.stop();
    await postgres?.stop();
  });

  const earshot = (...args: string[]) =>
    cli.run(args, { cwd: process.cwd(), env: { EARSHOT_DATABASE_URL: url } });

  test('whatif: what another model costs and how silent it is, from calls of all agents that used it', async () => {
    const { code, stdout, stderr } = await earshot(
      ...['whatif', '--llm', 'openai/gpt-4.1-mini', '--agent', 'support', ...SINCE],
    );
    assert.equal(code, 0, stderr);
    const support = weeks.filter(({ truth }) => truth.agent.name === 'support');
    assert.ok(stdout.startsWith(`${support.length} calls, `), stdout);
    assert.match(stdout, /^p95 +\d+ ms +\d+ ms +\d+ … \d+ ms +−\d+ ms +−\d+ … −\d+ ms$/m, 'it is faster');
    assert.match(stdout, /^a minute +\$0\.\d+ +\$0\.\d+ +−\$0\.\d+ \(−\d+ %\)$/m, 'and cheaper');
    assert.match(stdout, /tokenisers\s+differ/);
  });

  test('whatif: a model that no call used needs latencies of its own, and says so', async (t) => {
    const args = ['whatif', '--llm', 'openai/gpt-4o-mini', '--agent', 'support', ...SINCE];
    const { stdout } = await earshot(...args);
    assert.match(
      stdout,
      /^Silence: too few turns of openai\/gpt-4o-mini to know how fast it is: 0, needs 30/m,
    );
    assert.match(stdout, /^llm +\$/m);
    const file = join(await temporaryFolder(t), 'latency.json');
    await writeFile(file, JSON.stringify(Array.from({ length: 40 }, (_, index) => 0.2 + index / 200)));
    const given = await earshot(...args, '--latency', file, '--json');
    const { silence, cost, sources } = JSON.parse(given.stdout);
    assert.ok(silence.p95.change.high < 0);
    assert.ok(Number(cost.after.llm) < Number(cost.before.llm));
    assert.match(sources.join(), /by 40 latencies of the file/);
  });

  test('where there are no calls, or none on one side of a change, it is said', async () => {
    const nothing: readonly (readonly [args: readonly string[], says: string])[] = [
      [['whatif', '--endpointing', '220ms', '--until', '2026-11-02'], 'no call matches.'],
      [['endpointing', '--until', '2026-11-02'], 'no call matches.'],
      [['endpointing', '--changed-in', 'nope', ...SINCE], 'no call that matches is after the change.'],
    ];
    for (const [args, says] of nothing) {
      const { code, stdout, stderr } = await earshot(...args);
      assert.deepEqual([code, stdout, stderr], [1, '', `earshot: ${says}\n`], args.join(' '));
    }
  });

  test('whatif: what the delay is said to be stands beside what was measured', async () => {
    const { stdout } = await earshot(
      ...['whatif', '--endpointing', '100ms', '--endpointing-now', '5s', '--agent', 'front-desk', ...SINCE],
    );
    assert.match(stdout, /endpointing: 5000 ms now, as given; 4\d\d ms was measured \(the median\)\./);
  });

  test('figures for the docs are made of rows as the database makes them', async () => {
    const db = openPostgres({ url, readOnly: true });
    try {
      assert.deepEqual((await getCallSamples(db, {})).samples, callSamples(rows));
      assert.deepEqual(figuresOf(await callTotals(db, {})), figuresOf(checkedTotals(rows)));
    } finally {
      await db.close();
    }
  });

  test('the page answers as the commands do', async () => {
    const db = openPostgres({ url, readOnly: true });
    const page = await servePage({
      db,
      settings: readSettings({ env: {} }),
      host: '127.0.0.1',
      port: 0,
      onError: assert.fail,
    });
    try {
      const ask = async (path: string) =>
        (await (await fetch(`${page.url}/api/${path}&since=2026-11-01T00:00:00Z`)).json()) as object;
      const whatif = await earshot('whatif', '--llm', 'openai/gpt-4.1-mini', ...SINCE, '--json');
      assert.deepEqual(await ask('whatif?llm=openai/gpt-4.1-mini'), {
        ...JSON.parse(whatif.stdout),
        notes: [],
      });
      const one = ['--agent', 'front-desk', '--delay', '220ms', '--cut-off-cost', '2s', '--json'];
      const endpointing = await earshot('endpointing', ...one, ...SINCE);
      assert.deepEqual(await ask('endpointing?agent=front-desk&delay=0.22&cut_off_cost=2'), {
        ...JSON.parse(endpointing.stdout),
        notes: [],
      });
      const change = ['--agent', 'front-desk', '--changed-in', '1.5.0', '--seed', '3', '--json'];
      const verified = await earshot('endpointing', ...change, ...SINCE);
      assert.deepEqual(await ask('endpointing?agent=front-desk&changed_in=1.5.0&seed=3'), {
        ...JSON.parse(verified.stdout),
        notes: [],
      });
      const limits = ['--silence-p95', '900ms', '--success-rate', '60%', '--unpriced', '0'];
      const than = ['--agent', 'front-desk', '--baseline', 'version=1.4.0', '--json'];
      const check = await earshot('check', ...limits, ...than, ...SINCE);
      const asked =
        'limit_silence_p95=900ms&limit_success_rate=60%25&limit_unpriced=0&baseline=version%3D1.4.0';
      assert.deepEqual(await ask(`check?agent=front-desk&${asked}`), {
        ...JSON.parse(check.stdout),
        calls: weeks.filter(({ truth }) => truth.agent.name === 'front-desk').length,
        notes: [],
      });
      assert.equal(check.code, 1, check.stdout);
    } finally {
      await page.close();
      await db.close();
    }
  });

  test('endpointing: a line for each agent and language, and what is known of one of them', async () => {
    const { groups } = JSON.parse((await earshot('endpointing', ...SINCE, '--json')).stdout);
    assert.deepEqual(
      groups.slice(0, 2).map(({ agent, language }: Record<string, unknown>) => [agent, language]),
      [
        ['front-desk', 'en'],
        ['support', 'en'],
      ],
    );
    assert.ok(groups[0].result.frontier.length > 3);
    assert.match(groups.at(-1).note, /^too few (calls|turns): \d+, needs \d+$/);
    const one = await earshot('endpointing', '--agent', 'front-desk', '--delay', '250ms', ...SINCE);
    assert.match(one.stdout, /\d+ → 250 ms saves \d+ ms a turn and cuts off \d+\.\d % in place of \d+\.\d %/);
    assert.match(one.stdout, /^ *4\d\d ms .* now$/m);
  });

  test('endpointing: a change is verified where there are calls before and after it', async () => {
    const verified = await earshot(
      ...['endpointing', '--agent', 'front-desk', '--changed-in', '1.5.0', ...SINCE],
    );
    assert.equal(verified.code, 0, verified.stderr);
    assert.match(verified.stdout, /^front-desk, en: 4\d\d ms → 4\d\d ms$/m);
    assert.match(verified.stdout, /^silence, mean( +\d+ ms){2} +\d+ … \d+ ms +\d+ ms .* as predicted$/m);
  });
});
