import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Coverage, type Interval } from '../../../exporter/calls/coverage.ts';

const MOST = 60;
const instant = fc.integer({ min: 0, max: MOST });
const anyInterval: fc.Arbitrary<Interval> = fc.record({ startUs: instant, endUs: instant });
const anyIntervals = fc.array(anyInterval, { maxLength: 12 });

/** Each microsecond on its own: is it in one of them? */
const ticksOf = (intervals: readonly Interval[]): boolean[] =>
  Array.from({ length: MOST }, (_, tick) =>
    intervals.some(({ startUs, endUs }) => startUs <= tick && tick < endUs),
  );
const count = (ticks: readonly boolean[]): number => ticks.filter(Boolean).length;

test('intervals cover what one of them covers, each microsecond once', () => {
  fc.assert(
    fc.property(anyIntervals, anyInterval, (intervals, window) => {
      const coverage = new Coverage(intervals);
      const ticks = ticksOf(intervals);
      assert.equal(coverage.lengthUs, count(ticks));
      const inside = ticks.filter((_, tick) => window.startUs <= tick && tick < window.endUs);
      assert.equal(coverage.within(window), count(inside));
    }),
  );
});

test('the gaps are what is not covered, in order', () => {
  fc.assert(
    fc.property(anyIntervals, anyInterval, (intervals, window) => {
      const ticks = ticksOf(intervals);
      const runs = ticks
        .slice(window.startUs, Math.max(window.startUs, window.endUs))
        .map((covered) => (covered ? ' ' : '.'))
        .join('')
        .split(/ +/)
        .filter(Boolean)
        .map(({ length }) => length);
      assert.deepEqual(new Coverage(intervals).gaps(window), runs);
    }),
  );
});

test('what two cover together is what either covers', () => {
  fc.assert(
    fc.property(anyIntervals, anyIntervals, (some, others) => {
      const both = new Coverage(some).with(new Coverage(others));
      assert.deepEqual(both.stretches, new Coverage([...some, ...others]).stretches);
    }),
  );
});

test('intervals are left as they were', () => {
  const intervals = [Object.freeze({ startUs: 1, endUs: 5 }), Object.freeze({ startUs: 2, endUs: 9 })];
  assert.deepEqual(new Coverage(Object.freeze(intervals)).stretches, [{ startUs: 1, endUs: 9 }]);
});
