import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readYaml } from '../../support/deployment.ts';
import { packageRoot } from '../../support/root.ts';

const missing = spawnSync('amtool', ['--version']).error !== undefined;
const skip = missing && 'amtool is not installed (Debian: apt-get install prometheus-alertmanager)';
const CONFIG = join(packageRoot, 'prometheus/alertmanager.yml');
const amtool = (...args: string[]) => execFileSync('amtool', args, { encoding: 'utf8', stdio: 'pipe' });

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert?: string; readonly labels?: { readonly severity: string } }[];
  }[];
}
const ALERTS = readdirSync(join(packageRoot, 'prometheus/rules'))
  .flatMap((file) => readYaml<Rules>(`prometheus/rules/${file}`).groups)
  .flatMap(({ rules }) => rules)
  .filter(({ alert }) => alert !== undefined);

test('amtool takes the example', { skip }, () => {
  assert.match(amtool('check-config', CONFIG), /SUCCESS/);
});

test('every critical alert reaches PagerDuty, and every other Slack', { skip }, () => {
  for (const { alert, labels } of ALERTS) {
    const receiver = amtool(
      'config',
      'routes',
      'test',
      `--config.file=${CONFIG}`,
      `alertname=${alert}`,
      `severity=${labels?.severity}`,
    );
    assert.equal(receiver.trim(), labels?.severity === 'critical' ? 'pagerduty' : 'slack', alert);
  }
});
