import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { firstReaching, lastUpTo } from '../../../exporter/calls/ascending.ts';

const numbers = fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 12 });
const limit = fc.integer({ min: -7, max: 7 });

test('lastUpTo is what a search from the end finds', () => {
  fc.assert(
    fc.property(numbers, limit, (values, most) => {
      const items = values.toSorted((a, b) => a - b).map((value) => ({ value }));
      assert.equal(
        lastUpTo(items, most, ({ value }) => value),
        items.findLast(({ value }) => value <= most),
      );
    }),
  );
});

test('firstReaching is what a search from the start finds, in any order', () => {
  fc.assert(
    fc.property(numbers, fc.array(limit), (values, limits) => {
      const items = values.map((value) => ({ value }));
      const first = firstReaching(items, ({ value }) => value);
      for (const least of limits)
        assert.equal(
          first(least),
          items.find(({ value }) => value >= least),
        );
    }),
  );
});
