import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../../../exporter/statistics/random.ts';
import { Survival } from '../../../exporter/statistics/survival.ts';

const near = (actual: number | undefined, expected: number, by: number, what: string): void =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) <= by, `${what}: ${actual}, expected ${expected}`);

test('is the estimate of Kaplan and Meier: by hand', () => {
  const survival = new Survival(10);
  // Ends at 2, 4 and 7; last seen going on at 3 and 10.
  for (const [until, ended] of [
    [2, true],
    [3, false],
    [4, true],
    [7, true],
    [10, false],
  ] as const)
    survival.add({ from: 0, until, ended });
  const curve = survival.curve(0);
  near(curve[1], 1, 1e-12, 'before the first end');
  near(curve[2], 4 / 5, 1e-12, 'one of five');
  near(curve[4], (4 / 5) * (2 / 3), 1e-12, 'one of three that are left');
  near(curve[10], (4 / 5) * (2 / 3) * (1 / 2), 1e-12, 'one of two');
});

test('a weight is that many observations, and what was over before it could be seen is none', () => {
  const once = new Survival(10);
  const twice = new Survival(10);
  for (const until of [2, 5, 9]) {
    once.add({ from: 0, until, ended: true }, 2);
    for (let time = 0; time < 2; time += 1) twice.add({ from: 0, until, ended: true });
  }
  once.add({ from: 3, until: 3, ended: true });
  assert.deepEqual(once.curve(0), twice.curve(0));
});

test('finds a known distribution again, though most of it is censored and the beginning is not seen', () => {
  const random = seeded(5);
  const survival = new Survival(200);
  for (let observation = 0; observation < 40_000; observation += 1) {
    const length = -50 * Math.log(1 - random.share());
    const from = 10 + random.below(30);
    const watched = 40 + random.below(120);
    if (length <= from + 1) continue;
    survival.add({ from, until: Math.floor(Math.min(length, watched)), ended: length <= watched });
  }
  const curve = survival.curve(20);
  // Of what lasts longer than 21, exp(-(t - 21) / 50) lasts longer than t.
  for (const step of [40, 80, 120]) near(curve[step], Math.exp(-(step - 20) / 50), 0.015, `at ${step}`);
});
