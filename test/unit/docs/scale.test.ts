import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HEADER, lineOf, needOf, TYPICAL } from '../../../bench/capacity.ts';
import { packageRoot } from '../../support/root.ts';

const PAGE = readFileSync(join(packageRoot, 'docs/scale.md'), 'utf8');
const CALLS_A_DAY = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];

test('the table of what each size needs is what bench/capacity.ts works out', () => {
  const [, table] = /<!-- capacity -->\n([\s\S]*?)\n<!-- \/capacity -->/.exec(PAGE) ?? [];
  assert.equal(table, [HEADER, ...CALLS_A_DAY.map((calls) => lineOf(calls))].join('\n'));
});

test('ten times the calls need ten times the disk, and no more than ten times the cores', () => {
  const [few, many] = [needOf({ ...TYPICAL, callsADay: 1e6 }), needOf({ ...TYPICAL, callsADay: 1e7 })];
  assert.ok(Math.abs(many.journalGb / few.journalGb - 10) < 1e-9);
  assert.ok(many.serveCores <= 10 * few.serveCores && many.postgresCores <= 10 * few.postgresCores);
  // 1,000,000 calls of 50 spans of 800 bytes, for seven days.
  assert.equal(few.journalGb, 280);
});

test('the command of the page prints a line for another load', () => {
  const main = fileURLToPath(new URL('../../../bench/capacity.js', import.meta.url));
  const printed = execFileSync(process.execPath, [main, '--calls-a-day=250000', '--retention-days=30'], {
    encoding: 'utf8',
  });
  assert.equal(printed, `${HEADER}\n${lineOf(250_000, { retentionDays: 30 })}\n`);
});
