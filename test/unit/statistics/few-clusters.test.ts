import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandedLevel } from '../../../exporter/statistics/few-clusters.ts';

test('few clusters are given a wider interval, as Student knew, and many the same', () => {
  // Of 26: t of 25 is 1.7081, times √(26 ÷ 25) 1.7420, beyond which a normal distribution has 4.08 % on each side.
  assert.ok(Math.abs(expandedLevel(0.9, 26) - 0.9185) < 0.0005, `${expandedLevel(0.9, 26)}`);
  // t of 19 is 2.0930, times √(20 ÷ 19) 2.1474.
  assert.ok(Math.abs(expandedLevel(0.95, 20) - 0.9682) < 0.0005, `${expandedLevel(0.95, 20)}`);
  assert.ok(Math.abs(expandedLevel(0.9, 1e6) - 0.9) < 1e-5);
  assert.equal(expandedLevel(0.9, 1), 0.9);
});
