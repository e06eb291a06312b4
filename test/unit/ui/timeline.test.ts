import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  clampView,
  extentOf,
  overlapsOf,
  panned,
  revealing,
  ticksOf,
  tickText,
  zoomed,
} from '../../../ui/shared/timeline.ts';

const WHOLE = { start: -0.5, end: 61 };
const inWhole = fc.double({ min: -100, max: 200, noNaN: true });

test('however one moves and zooms, the view is in the call and shows something', () => {
  fc.assert(
    fc.property(inWhole, inWhole, fc.double({ min: 0.01, max: 50, noNaN: true }), (a, b, factor) => {
      const view = clampView({ start: Math.min(a, b), end: Math.max(a, b) }, WHOLE);
      for (const next of [view, zoomed(view, WHOLE, factor, a), panned(view, WHOLE, b)]) {
        assert.ok(next.start >= WHOLE.start - 1e-9 && next.end <= WHOLE.end + 1e-9);
        assert.ok(next.end - next.start >= 0.25 - 1e-9);
      }
    }),
  );
});

test('the instant under the pointer stays where it is', () => {
  const view = { start: 10, end: 30 };
  const closer = zoomed(view, WHOLE, 0.5, 15);
  assert.equal((15 - closer.start) / (closer.end - closer.start), 0.25);
});

test('a turn that is in sight moves nothing; another is brought to the middle', () => {
  const view = { start: 10, end: 30 };
  assert.equal(revealing(view, WHOLE, { start: 12, end: 14 }), view);
  assert.deepEqual(revealing(view, WHOLE, { start: 40, end: 42 }), { start: 31, end: 51 });
});

test('marks of an axis are round', () => {
  assert.deepEqual(ticksOf({ start: -0.5, end: 21 }, 6), [0, 5, 10, 15, 20]);
  assert.equal(tickText(65, 5), '1:05');
  assert.equal(tickText(65.25, 0.05), '1:05.25');
  assert.equal(tickText(-0.5, 0.5), '−0:00.5');
});

test('a turn is as long as what was said in it, else as its span', () => {
  const turn = { start: 3, end: 9, speech: [{ start: 4, end: 5 }], heard: [] };
  assert.deepEqual(extentOf(turn), { start: 4, end: 5 });
  assert.deepEqual(extentOf({ ...turn, speech: [] }), { start: 3, end: 9 });
});

test('overlaps are where both speak', () => {
  const overlaps = overlapsOf(
    [
      { start: 0, end: 2 },
      { start: 5, end: 6 },
    ],
    [{ start: 1.5, end: 5.5 }],
  );
  assert.deepEqual(overlaps, [
    { start: 1.5, end: 2 },
    { start: 5, end: 5.5 },
  ]);
});
