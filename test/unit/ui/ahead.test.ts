import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ahead } from '../../../ui/server/ahead.ts';

test('what is read ahead is given once, and not kept for who never asks', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const ahead = new Ahead<number>();
  let reads = 0;
  const read = async () => ++reads;
  for (let i = 0; i < 2; i++) ahead.begin('a', read);
  assert.deepEqual([await ahead.take('a'), ahead.take('a'), reads], [1, undefined, 1]);

  ahead.begin('b', read);
  t.mock.timers.tick(2_000);
  assert.equal(ahead.take('b'), undefined);

  for (let i = 0; i < 100; i++) ahead.begin(`c${i}`, read);
  assert.equal(reads, 2 + 8);
});

test('who waits for it hears that it failed, and no one else: who asks later tries again', async () => {
  const ahead = new Ahead<number>();
  const fail = async () => {
    throw new Error('the database is away');
  };
  ahead.begin('a', fail);
  ahead.begin('b', fail);
  await assert.rejects(async () => ahead.take('a'), /is away/);
  assert.equal(ahead.take('b'), undefined);
});
