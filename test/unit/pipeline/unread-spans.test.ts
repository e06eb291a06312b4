import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { UnreadSpans } from '../../../exporter/pipeline/unread-spans.ts';
import type { FinishedSpan } from '../../../model/span-record.ts';

const spans = (count: number): FinishedSpan[] =>
  Array.from({ length: count }, (_, index) => ({ name: String(index) }) as FinishedSpan);

/** What was read, and how much of it in each round of the event loop. */
function reading() {
  const names: string[] = [];
  const unread = new UnreadSpans(({ name }) => names.push(name));
  const rounds = async (): Promise<number[]> => {
    const read: number[] = [];
    for (let before = -1; before < names.length; ) {
      before = names.length;
      await setImmediate();
      read.push(names.length - before);
    }
    return read.filter((count) => count > 0);
  };
  return { names, unread, rounds };
}

test('a span is read in the next round of the event loop, and not before', async () => {
  const { names, unread, rounds } = reading();
  for (const span of spans(3)) unread.add(span);
  assert.deepEqual(names, []);
  assert.deepEqual(await rounds(), [3]);
  assert.deepEqual(names, ['0', '1', '2']);
});

test('many are read in order, a stretch in each round; what comes in between follows', async () => {
  const { names, unread, rounds } = reading();
  const [late, ...others] = spans(500).reverse();
  for (const span of others.reverse()) unread.add(span);
  await setImmediate();
  unread.add(late as FinishedSpan);
  const later = await rounds();
  assert.ok(Math.max(...later) <= 128, later.join());
  assert.deepEqual(
    names,
    spans(500).map(({ name }) => name),
  );
});

test('a process that does not let the event loop get round holds few of them', () => {
  const { names, unread } = reading();
  for (const span of spans(50_000)) unread.add(span);
  assert.ok(50_000 - names.length < 1_024, String(names.length));
});

test('all that wait are read when they are asked for, and not again', async () => {
  const { names, unread, rounds } = reading();
  for (const span of spans(300)) unread.add(span);
  unread.readAll();
  assert.equal(names.length, 300);
  unread.add(spans(1)[0] as FinishedSpan);
  await rounds();
  assert.equal(names.length, 301);
});
