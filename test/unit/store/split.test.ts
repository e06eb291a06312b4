import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { numberedId, numberOf, splitCalls } from '../../../exporter/store/split.ts';
import type { Fact } from '../../../model/facts.ts';
import { call, stage } from '../calls/builders.ts';
import { PRICES } from '../calls/golden.ts';

const HOUR_US = 3_600_000_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const shape = (facts: readonly Fact[]) =>
  splitCalls(facts, HOUR_US).map((part) => [part[0]?.callId, part.length]);

test('an id that is used again after days is another call, and its id says which', () => {
  const facts = [0, 60_000, 3 * DAY_MS, 3 * DAY_MS + 60_000].map((at) =>
    stage('llm', undefined, [at, at + 1_000]),
  );
  assert.deepEqual(shape(facts), [
    ['C1', 2],
    ['C1#2', 2],
  ]);
  const durations = splitCalls(facts, HOUR_US).map(
    (part) => finalizeCall(part, PRICES).metrics.duration_seconds,
  );
  assert.deepEqual(durations, [61, 61]);
});

test('a call that is long on hold is one call while a span of it is open', () => {
  const facts = [
    call([0, 3 * HOUR_MS]),
    stage('llm', 0, [1_000, 2_000]),
    stage('llm', 1, [2.5 * HOUR_MS, 2.5 * HOUR_MS + 1_000]),
  ];
  assert.deepEqual(shape(facts), [['C1', 3]]);
  // Before its span has come it is unknown: then it is numbered, and not any more when it comes.
  assert.equal(splitCalls(facts.slice(1), HOUR_US).length, 2);
});

test('exactly the gap is still the same call', () => {
  const after = (ms: number) => [stage('llm', 0, [0, 1_000]), stage('llm', 0, [1_000 + ms, 2_000 + ms])];
  assert.equal(splitCalls(after(HOUR_MS), HOUR_US).length, 1);
  assert.equal(splitCalls(after(HOUR_MS + 1), HOUR_US).length, 2);
});

test('a call that comes late takes its place, and those after it are numbered again', () => {
  const late = stage('llm', undefined, [-2 * DAY_MS, -2 * DAY_MS + 1_000]);
  const known = [stage('llm', undefined, [0, 1_000]), stage('llm', undefined, [DAY_MS, DAY_MS + 1_000])];
  assert.deepEqual(
    splitCalls([...known, late], HOUR_US).map((part) => [part[0]?.callId, part[0]?.startUs]),
    [
      ['C1', late.startUs],
      ['C1#2', known[0]?.startUs],
      ['C1#3', known[1]?.startUs],
    ],
  );
});

test('the calls depend on the spans alone, and lose none of them', () => {
  const facts = fc
    .array(fc.tuple(fc.nat(100), fc.nat(30)), { minLength: 1, maxLength: 30 })
    .map((spans) =>
      spans.map(([start, length]) =>
        stage('llm', undefined, [start * HOUR_MS, (start + length / 10) * HOUR_MS]),
      ),
    );
  fc.assert(
    fc.property(facts, fc.infiniteStream(fc.nat()), (spans, chance) => {
      const shuffled = spans
        .map((span) => [chance.next().value as number, span] as const)
        .sort(([a], [b]) => a - b)
        .map(([, span]) => span);
      const ids = (all: readonly Fact[]) =>
        new Map(splitCalls(all, HOUR_US).flatMap((part) => part.map((fact) => [fact.spanId, fact.callId])));
      assert.deepEqual([...ids(shuffled)].sort(), [...ids(spans)].sort());
      assert.equal(ids(spans).size, spans.length);
    }),
  );
});

test('a number is told from an id that ends like one', () => {
  assert.equal(numberedId('room', 1), 'room');
  assert.deepEqual(numberOf(numberedId('room', 12)), { callId: 'room', number: 12 });
  for (const id of ['room', 'room#', 'room#0', 'room#1', 'room#02', '#2', 'room#x']) {
    assert.equal(numberOf(id), undefined, id);
  }
});
