import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lane } from '../../../instrumentation/sdks/kit/recording/lane.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
/** What one side of so many samples is; 9 is silence. */
const take = (lane: Lane, from: number, to: number) => {
  const out = Buffer.alloc((to - from) * 2, 9);
  const late = lane.take(from, to, out, 1);
  assert.ok(
    out.every((byte, i) => i % 2 === 1 || byte === 9),
    'the other side is as it was',
  );
  return { samples: [...out].filter((_, i) => i % 2 === 1), late };
};

test('sound is where it was laid, silence between, and what is taken is gone', () => {
  const lane = new Lane();
  lane.add(2, bytes(1, 2));
  lane.add(6, bytes(3));
  assert.equal(lane.end, 7);
  assert.equal(lane.bytes, 3);
  assert.deepEqual(take(lane, 0, 8), { samples: [9, 9, 1, 2, 9, 9, 3, 9], late: 0 });
  assert.equal(lane.bytes, 0);
});

test('a piece that reaches over the end is taken in parts', () => {
  const lane = new Lane();
  lane.add(1, bytes(1, 2, 3, 4));
  assert.deepEqual(take(lane, 0, 3).samples, [9, 1, 2]);
  assert.deepEqual(take(lane, 3, 6).samples, [3, 4, 9]);
});

test('a cut takes away what comes after it, and what is laid later stays', () => {
  const lane = new Lane();
  lane.add(0, bytes(1, 1, 1, 1));
  lane.add(4, bytes(2, 2));
  lane.cut(3);
  assert.equal(lane.end, 3);
  lane.add(5, bytes(3));
  assert.deepEqual(take(lane, 0, 7).samples, [1, 1, 1, 9, 9, 3, 9]);
});

test('what comes too late is lost and counted; the rest of it is not', () => {
  const lane = new Lane();
  lane.add(2, bytes(1, 2, 3));
  assert.deepEqual(take(lane, 4, 6), { samples: [3, 9], late: 2 });
  lane.add(0, bytes(1, 2));
  assert.deepEqual(take(lane, 6, 7), { samples: [9], late: 2 });
});
