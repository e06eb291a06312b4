import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FactBuffer } from '../../../exporter/pipeline/buffer.ts';
import type { Fact } from '../../../model/facts.ts';
import { turnFact } from '../../support/call-rows.ts';

const facts = (count: number): Fact[] => Array.from({ length: count }, (_, index) => turnFact('C1', index));

function filled(capacity: number, given: readonly Fact[]): FactBuffer {
  const buffer = new FactBuffer(capacity);
  for (const fact of given) buffer.push(fact);
  return buffer;
}

test('a full buffer refuses, and takes again when a batch is settled', () => {
  const [a, b, c, d] = facts(4) as [Fact, Fact, Fact, Fact];
  const buffer = filled(3, [a, b, c]);
  assert.equal(buffer.push(d), false);
  const batch = buffer.take(2);
  assert.deepEqual(batch, [a, b]);
  assert.equal(buffer.push(d), false, 'a batch that is being written still takes room');
  buffer.settle(batch);
  assert.equal(buffer.push(d), true);
  assert.deepEqual(buffer.take(9), [c, d]);
});

test('a batch that could not be written comes first again', () => {
  const [a, b, c] = facts(3) as [Fact, Fact, Fact];
  const buffer = filled(9, [a, b, c]);
  buffer.restore(buffer.take(2));
  assert.equal(buffer.size, 3);
  assert.deepEqual(buffer.take(9), [a, b, c]);
});

test('a reader that takes everything has the batches of others too, which they can no longer end', () => {
  const [a, b, c] = facts(3) as [Fact, Fact, Fact];
  const buffer = filled(9, [a, b, c]);
  const lost = buffer.take(1);
  const all = buffer.takeAll();
  assert.deepEqual(all, [a, b, c]);
  buffer.restore(lost);
  buffer.settle(lost);
  assert.equal(buffer.size, 3);
  assert.equal(buffer.queued, 0);
  buffer.settle(all);
  assert.equal(buffer.size, 0);
});

test('whatever the order of steps, the size is what went in less what was settled, and never beyond the cap', () => {
  const step = fc.constantFrom('push', 'take', 'settle', 'restore', 'takeAll');
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 8 }), (steps, capacity) => {
      const buffer = new FactBuffer(capacity);
      const held = new Set<Fact>();
      let batches: (readonly Fact[])[] = [];
      for (const each of steps) {
        const [fact] = facts(1) as [Fact];
        if (each === 'push' && buffer.push(fact)) held.add(fact);
        if (each === 'take') batches.push(buffer.take(2));
        if (each === 'takeAll') batches = [buffer.takeAll()];
        if (each === 'restore') buffer.restore(batches.shift() ?? []);
        if (each === 'settle') {
          const batch = batches.shift() ?? [];
          buffer.settle(batch);
          for (const done of batch) held.delete(done);
        }
        assert.equal(buffer.size, held.size);
        assert.ok(buffer.size <= capacity);
      }
      assert.deepEqual(new Set(buffer.takeAll()), held);
    }),
  );
});
