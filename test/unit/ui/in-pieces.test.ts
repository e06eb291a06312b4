import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inPieces, pauses } from '../../../ui/server/in-pieces.ts';

test('work goes on until it is done, and other work in between', async () => {
  let others = 0;
  const other = setInterval(() => {
    others += 1;
  });
  function* work() {
    while (others < 3) yield;
    return 'done';
  }
  assert.equal(await inPieces(work()), 'done');
  clearInterval(other);
});

test('work that no one waits for any more ends', async () => {
  function* work() {
    for (;;) yield;
  }
  await assert.rejects(
    inPieces(
      work(),
      pauses(() => false),
    ),
    /no one waits for the answer any more/,
  );
});
