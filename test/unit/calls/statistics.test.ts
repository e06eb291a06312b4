import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { statistics } from '../../../exporter/calls/statistics.ts';

const near = (actual: number | null, expected: number): void => {
  assert.ok(actual !== null && Math.abs(actual - expected) < 1e-9, `saw ${actual}, expected ${expected}`);
};

test('two values and a missing one: percentiles interpolate, the missing one does not count', () => {
  const { avg, min, max, p50, p95 } = statistics([0.4, null, 0.8]);
  near(avg, 0.6);
  assert.equal(min, 0.4);
  assert.equal(max, 0.8);
  near(p50, 0.6);
  near(p95, 0.78);
});

test('one value is all five statistics', () => {
  assert.deepEqual(statistics([0.25]), { avg: 0.25, min: 0.25, max: 0.25, p50: 0.25, p95: 0.25 });
});

test('nothing known gives null, not 0', () => {
  const nothing = { avg: null, min: null, max: null, p50: null, p95: null };
  assert.deepEqual(statistics([]), nothing);
  assert.deepEqual(statistics([null, null]), nothing);
});

test('eleven values from 0 to 1: p95 lies halfway between the two largest', () => {
  const { p50, p95 } = statistics([1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0]);
  near(p50, 0.5);
  near(p95, 0.95);
});

test('statistics do not depend on order and lie between minimum and maximum', () => {
  const values = fc.array(fc.option(fc.double({ min: 0, max: 1e4, noNaN: true })), { minLength: 1 });
  fc.assert(
    fc.property(values, (some) => {
      const summary = statistics(some);
      assert.deepEqual(statistics(some.toReversed()), summary);
      const known = some.filter((value) => value !== null);
      if (known.length === 0) return;
      assert.equal(summary.min, Math.min(...known));
      assert.equal(summary.max, Math.max(...known));
      for (const value of Object.values(summary)) {
        assert.ok(value !== null && value >= Math.min(...known) - 1e-9 && value <= Math.max(...known) + 1e-9);
      }
    }),
  );
});
