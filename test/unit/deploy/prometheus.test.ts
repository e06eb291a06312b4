import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { prometheusName } from '../../../exporter/metrics/prometheus-name.ts';
import { LABEL } from '../../../grafana/names.ts';
import { type Definition, METRICS } from '../../../model/semconv.ts';
import { readYaml } from '../../support/deployment.ts';
import { packageRoot } from '../../support/root.ts';

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}
interface RuleFile {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
}
interface RuleTests {
  readonly tests: readonly {
    readonly promql_expr_test?: readonly { readonly expr: string }[];
    readonly alert_rule_test?: readonly {
      readonly alertname: string;
      readonly exp_alerts?: readonly unknown[];
    }[];
  }[];
}

const FOLDER = join(packageRoot, 'prometheus');
const files = (folder: string) =>
  readdirSync(join(FOLDER, folder)).map((file) => `prometheus/${folder}/${file}`);
const RULES = files('rules').flatMap((file) => readYaml<RuleFile>(file).groups.flatMap(({ rules }) => rules));
const TESTS = files('tests').flatMap((file) => readYaml<RuleTests>(file).tests);

const missing = spawnSync('promtool', ['--version']).error !== undefined;
const skip = missing && 'promtool is not installed (Debian: apt-get install prometheus)';
const promtool = (...args: string[]) =>
  execFileSync('promtool', args, { cwd: FOLDER, encoding: 'utf8', stdio: 'pipe' });

test('promtool takes the configuration and the rules', { skip }, () => {
  promtool('check', 'config', 'prometheus.yml');
});

test('rules and alerts do what their tests say', { skip }, () => {
  promtool('test', 'rules', ...files('tests').map((file) => join(packageRoot, file)));
});

test('every recorded series has a test, and every alert one in which it fires and one in which it does not', () => {
  const expressions = TESTS.flatMap(({ promql_expr_test: all = [] }) => all.map(({ expr }) => expr));
  const alerts = TESTS.flatMap(({ alert_rule_test: all = [] }) => all);
  for (const { record, alert } of RULES) {
    if (record !== undefined)
      assert.ok(
        expressions.some((expr) => expr.includes(record)),
        record,
      );
    if (alert === undefined) continue;
    const cases = alerts
      .filter(({ alertname }) => alertname === alert)
      .map(({ exp_alerts: all = [] }) => all.length);
    assert.ok(
      cases.some((fired) => fired > 0),
      `${alert} never fires`,
    );
    assert.ok(cases.includes(0), `${alert} is never silent`);
  }
});

test('every alert says how bad it is, what it is and what to do', () => {
  for (const { alert, labels, annotations } of RULES) {
    if (alert === undefined) continue;
    assert.ok(['info', 'warning', 'critical'].includes(labels?.severity ?? ''), alert);
    assert.ok(annotations?.summary && annotations.description, alert);
  }
});

test('rules ask for metrics and labels that exist', () => {
  const own = Object.values<Definition>(METRICS).map(prometheusName);
  const known = new Set([
    ...own.flatMap((name) => [name, `${name}_total`, `${name}_bucket`, `${name}_count`, `${name}_sum`]),
    ...['traces_span_metrics_calls_total', 'traces_span_metrics_duration_seconds_bucket'],
    ...['traces_span_metrics_duration_seconds_count', 'up'],
    ...RULES.flatMap(({ record }) => record ?? []),
  ]);
  const labels = new Set<string>([
    ...Object.values(LABEL),
    'le',
    'job',
    'instance',
    'exporter',
    'receiver',
    '__name__',
  ]);
  for (const { expr } of RULES) {
    for (const [name = ''] of expr.matchAll(/\b(voice|earshot|traces)[_:][\w:]+/g)) {
      assert.ok(known.has(name) || labels.has(name), name);
    }
    for (const [, list = ''] of expr.matchAll(/\bby \(([^)]*)\)/g)) {
      for (const label of list.split(/,\s*/)) assert.ok(labels.has(label), label);
    }
    for (const [, label = ''] of expr.matchAll(/[{,]\s*(\w+)(?:=~|!=|=|!~)"/g))
      assert.ok(labels.has(label), label);
  }
});
