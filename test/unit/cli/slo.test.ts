import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { UsageError } from '../../../cli/command.ts';
import { parseSlo } from '../../../cli/slo/file.ts';
import { type Rule, rulesOf, rulesText } from '../../../cli/slo/rules.ts';
import { readText } from '../../support/deployment.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const FILE = 'docs/examples/earshot.slo.yaml';
const SLO = parseSlo(readText(FILE), FILE);

test('the example says what YAML says of it', () => {
  assert.deepEqual(parse(readText(FILE)), {
    'silence-p95': '1500ms',
    'interruption-rate': '15%',
    'success-rate': '60%',
    'cost-per-minute': 0.08,
    unpriced: 0,
    window: '30d',
  });
  assert.deepEqual(SLO, {
    limits: {
      'silence-p95': 1.5,
      'interruption-rate': 0.15,
      'success-rate': 0.6,
      'cost-per-minute': 0.08,
      unpriced: 0,
    },
    windowSeconds: 30 * 86_400,
  });
});

test('values may be in quotes, and comments behind them', () => {
  const text = 'unpriced: \'0\' # none\r\nsilence-p95: "800ms"\n\n---\nsuccess-rate: 60% #less\n';
  assert.deepEqual(parseSlo(text, 'x').limits, { unpriced: 0, 'silence-p95': 0.8, 'success-rate': 0.6 });
  assert.throws(() => parseSlo("unpriced: '0' 1", 'x'), UsageError);
  assert.throws(() => parseSlo('unpriced: # 0', 'x'), UsageError);
});

test('a line that says nothing, or what cannot be, is named', () => {
  const wrong: readonly (readonly [text: string, message: RegExp])[] = [
    [
      'silence-p95: 800ms\nlatency: 1',
      /^slo\.yaml, line 2: saw latency, expected window or one of silence-p50/,
    ],
    ['silence-p95: soon', /^slo\.yaml, line 1: saw soon, expected a duration/],
    ['limits:\n  unpriced: 0', /^slo\.yaml, line 1: saw limits:, expected a line such as/],
    ['unpriced: 0\nunpriced: 1', /line 2: saw unpriced a second time/],
    ['unpriced: 0\nwindow: 1d', /line 2: window: saw 1d, expected a time from 7d to 366d/],
    ['unpriced: 0\nwindow: 99999999999999999d', /line 2: window: saw 9+d, expected a time from 7d to 366d/],
    ['silence-p95: 900', /^slo\.yaml, line 1: saw 900, expected a duration with a unit/],
    ['# nothing\n', /^slo\.yaml: saw no limit/],
  ];
  for (const [text, message] of wrong)
    assert.throws(
      () => parseSlo(text, 'slo.yaml'),
      (error: Error) => error instanceof UsageError && message.test(error.message),
      text,
    );
});

test('a promise that rules cannot watch exactly is refused, with what can be', () => {
  assert.throws(
    () => rulesOf(parseSlo('silence-p95: 900ms', 'x')),
    /saw 900ms, which is no bound of the histogram in Prometheus; expected 800ms or 1000ms/,
  );
  assert.throws(() => rulesOf(parseSlo('success-rate: 100%', 'x')), /leaves no error budget/);
});

test('there is no alert that could never fire', () => {
  const { rules, comments } = rulesOf(parseSlo('success-rate: 80%', 'x'));
  const alerts = rules.flatMap(({ alert }) => alert ?? []);
  assert.deepEqual(alerts, ['EarshotSloBurns']);
  assert.match(comments.join('\n'), /^success-rate: 14\.4 times its budget in 1h would be more than all/);
});

test('the text is YAML, and says what the rules say', () => {
  const read = parse(rulesText(SLO, FILE)) as { groups: { rules: Rule[] }[] };
  const expected = rulesOf(SLO).rules.map((rule) => ({ ...rule, expr: rule.expr.replaceAll('\n', ' ') }));
  assert.deepEqual(read.groups[0]?.rules, expected);
});

const skip =
  spawnSync('promtool', ['--version']).error !== undefined &&
  'promtool is not installed (Debian: apt-get install prometheus)';

test('Prometheus takes the rules: they fire where a budget burns, and are silent where it does not', {
  skip,
}, async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'slo.yml'), rulesText(SLO, FILE));
  // Of 100 turns a minute, 60 are late in the bad world and 2 in the good one; where 5 of 100 may be.
  const world = (late: number, usd: number) => ({
    interval: '1m',
    input_series: [
      ...['1.5', '+Inf'].map((le) => ({
        series: `voice_eou_latency_seconds_bucket{le="${le}"}`,
        values: `0+${le === '1.5' ? 100 - late : 100}x75`,
      })),
      { series: 'voice_eou_latency_seconds_count', values: '0+100x75' },
      { series: 'voice_turns_total', values: '0+100x75' },
      { series: 'voice_calls_total{voice_call_outcome="SUCCESS"}', values: '0+10x75' },
      { series: 'voice_call_duration_seconds_sum', values: '0+600x75' },
      { series: 'voice_call_cost_total{voice_cost_component="llm"}', values: `0+${usd * 10}x75` },
    ],
  });
  const alerts = (name: string, fires: Readonly<Record<string, string>> | undefined) => ({
    eval_time: '70m',
    alertname: name,
    exp_alerts: fires === undefined ? [] : [{ exp_labels: fires }],
  });
  const silence = { severity: 'critical', slo: 'silence-p95' };
  const cost = { severity: 'warning', slo: 'cost-per-minute' };
  const tests = {
    rule_files: ['slo.yml'],
    evaluation_interval: '1m',
    tests: [
      {
        ...world(2, 0.05),
        alert_rule_test: ['EarshotSloBurnsFast', 'EarshotCostOverLimit'].map((name) =>
          alerts(name, undefined),
        ),
      },
      {
        ...world(90, 0.12),
        promql_expr_test: [
          {
            expr: 'round(earshot_slo:errors:ratio_1h{slo="silence-p95"}, 0.001)',
            eval_time: '70m',
            exp_samples: [{ labels: '{slo="silence-p95"}', value: 0.9 }],
          },
          {
            expr: 'count by (alertname, slo, severity) (ALERTS{alertstate="firing"})',
            eval_time: '70m',
            exp_samples: [
              ['EarshotSloBurnsFast', silence],
              ['EarshotCostOverLimit', cost],
              ['EarshotSloBurns', { severity: 'warning', slo: 'silence-p95' }],
            ].map(([alertname, labels]) => ({
              labels: `{${Object.entries({ alertname, ...(labels as object) })
                .map(([name, value]) => `${name}="${value}"`)
                .join(', ')}}`,
              value: 1,
            })),
          },
        ],
      },
    ],
  };
  // JSON is YAML.
  await writeFile(join(folder, 'tests.yml'), JSON.stringify(tests));
  const promtool = (...args: string[]) =>
    execFileSync('promtool', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  assert.match(promtool('check', 'rules', 'slo.yml'), /SUCCESS/);
  assert.match(promtool('test', 'rules', 'tests.yml'), /SUCCESS/);
});

test('the example of a workflow runs commands with options that there are', async () => {
  const workflow = parse(readText('docs/examples/earshot-check.yml')) as {
    on: { workflow_dispatch: { inputs: Record<string, unknown> } };
    jobs: { check: { steps: { run?: string; uses?: string }[] } };
  };
  assert.deepEqual(Object.keys(workflow.on.workflow_dispatch.inputs), ['canary', 'current']);
  const runs = workflow.jobs.check.steps.flatMap(({ run }) => run ?? []);
  const commands = runs.flatMap((run) => /npx earshot (\w+)([\s\S]*)/.exec(run) ?? []).length;
  assert.equal(commands, 6);
  const { check } = await import('../../../cli/commands/check.ts');
  const { compare } = await import('../../../cli/commands/compare.ts');
  for (const [command, text] of [
    [check, runs.find((run) => run.includes('earshot check'))],
    [compare, runs.find((run) => run.includes('earshot compare'))],
  ] as const)
    for (const [, option = ''] of (text ?? '').matchAll(/ --([a-z-]+)/g))
      assert.ok(Object.hasOwn(command.options, option), `${command.name} --${option}`);
});
