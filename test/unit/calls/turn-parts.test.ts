import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { groupCall } from '../../../exporter/calls/group.ts';
import { markTurn } from '../../../exporter/calls/marks.ts';
import { eouLatencyUs } from '../../../exporter/calls/segments.ts';
import type { Fact, TurnPartFact } from '../../../model/facts.ts';
import type { StageKind } from '../../../model/vocabulary.ts';
import { at, below, part, type Times, turn } from './builders.ts';

/** Who opened each turn, and the names of its stages. */
const shape = (facts: readonly Fact[]): string[] =>
  groupCall(facts).turns.map(({ fact, stages }) =>
    `${fact?.initiator}: ${stages.map(({ name }) => name).join(' ')}`.trim(),
  );

test('a user side and the next agent side are one turn', () => {
  const facts = [
    part('user', 'u', [0, 2_000]),
    part('agent', 'a', [2_010, 5_000]),
    below('a', 'llm', [2_010, 2_200, 2_500]),
    below('a', 'playback', [2_600, 5_000]),
  ];
  assert.deepEqual(shape(facts), ['user: llm playback']);
});

test('a reply begun while the user still spoke belongs to that user', () => {
  const facts = [
    part('user', 'u', [0, 2_000]),
    part('agent', 'a', [1_000, 5_000]),
    below('a', 'playback', [2_600, 5_000]),
  ];
  assert.deepEqual(shape(facts), ['user: playback']);
});

test('replies thrown away are of the turn that they were begun for', () => {
  const facts = [
    part('user', 'u', [0, 2_000]),
    part('agent', 'x', [500, 900]),
    below('x', 'llm', [500, 600, 900], { name: 'discarded' }),
    part('agent', 'a', [2_010, 5_000]),
    below('a', 'llm', [2_010, 2_200, 2_500], { name: 'spoken' }),
    below('a', 'playback', [2_600, 5_000]),
  ];
  assert.deepEqual(shape(facts), ['user: discarded spoken playback']);
});

test('an agent that speaks without being spoken to opens a turn of its own', () => {
  const facts = [
    part('agent', 'g', [0, 1_000]),
    below('g', 'playback', [100, 1_000], { name: 'greeting' }),
    part('user', 'u', [2_000, 3_000]),
    part('agent', 'a', [3_010, 5_000]),
    below('a', 'playback', [3_500, 5_000], { name: 'answer' }),
    part('agent', 'b', [9_000, 9_900]),
    below('b', 'playback', [9_100, 9_900], { name: 'are you there?' }),
  ];
  assert.deepEqual(shape(facts), ['agent: greeting', 'user: answer', 'agent: are you there?']);
});

test('a filler does not take the answer away: the framework says that it answers', () => {
  const facts = [
    part('user', 'u', [0, 1_000]),
    part('agent', 'f', [1_010, 1_500]),
    below('f', 'playback', [1_100, 1_500], { name: 'one moment' }),
    part('agent', 'a', [1_600, 4_000], { reportedEouLatencySeconds: 1.4 }),
    below('a', 'playback', [2_000, 4_000], { name: 'answer' }),
  ];
  assert.deepEqual(shape(facts), ['user: one moment answer']);
  // The answer was heard at 2.0 s and 1.4 s after the silence began: the filler ended it after 0.5 s.
  assert.deepEqual(groupCall(facts).turns.map(markTurn).map(eouLatencyUs), [500_000]);
});

test('an answer whose user side was lost is a turn of its own, with the silence before it', () => {
  const facts = [
    part('user', 'u', [0, 1_000]),
    part('agent', 'a', [1_010, 3_000], { reportedEouLatencySeconds: 0.9 }),
    below('a', 'playback', [1_400, 3_000], { name: 'first' }),
    part('agent', 'b', [6_000, 8_000], { reportedEouLatencySeconds: 0.7 }),
    below('b', 'playback', [6_400, 8_000], { name: 'second' }),
  ];
  assert.deepEqual(shape(facts), ['user: first', 'user: second']);
  assert.deepEqual(groupCall(facts).turns.map(markTurn).map(eouLatencyUs), [900_000, 700_000]);
});

test('parts of one reply are one turn, whatever comes between', () => {
  const facts = [
    part('user', 'u', [0, 1_000]),
    part('agent', 'a', [1_010, 1_500], { replyKey: 'speech' }),
    below('a', 'tool', [1_200, 1_500]),
    part('agent', 'b', [1_510, 4_000], { replyKey: 'speech', reportedEouLatencySeconds: 1.1 }),
    below('b', 'playback', [2_000, 4_000]),
  ];
  assert.deepEqual(shape(facts), ['user: tool playback']);
});

test('words of the application without a span of the reply are a turn: playback and the synthesis before it', () => {
  const facts = [
    below('session', 'tts', [0, 100, 200], { name: 'greeting' }),
    below('session', 'playback', [110, 900], { name: 'heard' }),
    part('user', 'u', [2_000, 3_000]),
    part('agent', 'a', [3_010, 5_000]),
    below('a', 'playback', [3_500, 5_000], { name: 'answer' }),
  ];
  assert.deepEqual(shape(facts), ['agent: greeting heard', 'user: answer']);
});

test('a user whom no one answers has a turn', () => {
  assert.deepEqual(shape([part('user', 'u', [0, 1_000]), part('user', 'v', [2_000, 3_000])]), [
    'user:',
    'user:',
  ]);
});

test('a side that holds the whole turn does not join another', () => {
  const facts = [part('user', 'u', [0, 1_000]), part('both', 'b', [1_500, 3_000], { interrupted: true })];
  const turns = groupCall(facts).turns.map(({ fact }) => [fact?.initiator, fact?.interrupted]);
  assert.deepEqual(turns, [
    ['user', false],
    [undefined, true],
  ]);
});

test('only what was heard can be interrupted; it was when the user began', () => {
  const facts = [
    part('user', 'u', [0, 1_000]),
    part('agent', 'x', [500, 700], { interrupted: true }),
    part('agent', 'a', [1_010, 3_300], { interrupted: true }),
    below('a', 'playback', [1_500, 3_300]),
    part('user', 'v', [3_000, 4_000]),
    part('agent', 'y', [3_500, 3_700], { interrupted: true }),
  ];
  const [first, second] = groupCall(facts).turns;
  assert.deepEqual(first?.fact?.interruptions, [
    { kind: 'barge_in', atUs: at(3_000), timeToSilenceSeconds: 0.3 },
  ]);
  assert.equal(second?.fact?.interrupted, false);
});

test('the silence ends when the agent is heard and is as long as the framework says', () => {
  const facts = [
    part('user', 'u', [0, 2_000], {
      endOfTurnDelaySeconds: 0.5,
      transcriptionDelaySeconds: 0.2,
      sttProvider: 'deepgram',
    }),
    part('agent', 'a', [2_010, 5_000], { reportedEouLatencySeconds: 1.234 }),
    below('a', 'playback', [2_700, 5_000]),
  ];
  const marked = groupCall(facts).turns.map(markTurn);
  assert.deepEqual(marked.map(eouLatencyUs), [1_234_000]);
  assert.equal(marked[0]?.eouSource, 'framework');
  assert.equal(marked[0]?.stt?.endUs, at(2_700 - 1_234 + 200));
});

test("without the framework's figure the silence begins before the commit by its delay", () => {
  const facts = [
    part('user', 'u', [0, 2_000], { endOfTurnDelaySeconds: 0.5 }),
    part('agent', 'a', [2_010, 5_000]),
    below('a', 'playback', [2_700, 5_000]),
  ];
  assert.deepEqual(groupCall(facts).turns.map(markTurn).map(eouLatencyUs), [1_200_000]);
});

test("without either no one knows: the user's own words are not counted as silence", () => {
  const facts = [
    part('user', 'u', [0, 2_000]),
    part('agent', 'a', [2_010, 5_000]),
    below('a', 'playback', [2_700, 5_000]),
  ];
  assert.deepEqual(groupCall(facts).turns.map(markTurn).map(eouLatencyUs), [null]);
});

test('a stage inside one of its kind is told twice; where the outer knows no usage the inner counts too', () => {
  const usage = { characters: 36 };
  const adapter = below('a', 'tts', [0, 10, 50], { spanId: 'outer', usage });
  const inner = below('outer', 'tts', [5, 10, 40], { usage });
  const facts = [part('agent', 'a', [0, 100]), adapter, inner];
  assert.deepEqual(groupCall(facts).stages, [adapter]);
  const { usage: _, ...unknown } = adapter;
  assert.deepEqual(groupCall([part('agent', 'a', [0, 100]), unknown, inner]).stages, [unknown, inner]);
});

test('turns that count themselves come first; joined ones take the numbers after them', () => {
  const facts = [turn(4, [5_000, 6_000], { traceId: 'own' }), part('user', 'u', [0, 1_000])];
  assert.deepEqual(
    groupCall(facts).turns.map(({ turnIndex, joined }) => [turnIndex, joined]),
    [
      [4, undefined],
      [5, true],
    ],
  );
});

test('joining depends on the spans alone, not on their order', () => {
  const times = fc
    .tuple(fc.nat(5_000), fc.nat(3_000))
    .map(([start, length]): Times => [start, start + length]);
  const anyFact = fc.oneof(
    fc.tuple(fc.constantFrom('user', 'agent', 'both'), times, fc.nat(5), fc.boolean()).map(
      ([side, bounds, id, interrupted]): Fact =>
        part(side as TurnPartFact['part'], `p${id}`, bounds, {
          interrupted,
          endOfTurnDelaySeconds: id / 10,
        }),
    ),
    fc
      .tuple(fc.constantFrom('llm', 'tts', 'playback'), times, fc.nat(7))
      .map(
        ([kind, bounds, id]): Fact =>
          below(`p${id}`, kind as StageKind, bounds, { spanId: `${kind}${bounds}` }),
      ),
  );
  const delivery = fc.array(anyFact, { minLength: 1, maxLength: 25 }).chain((facts) =>
    fc.record({
      facts: fc.constant(facts),
      shuffled: fc.shuffledSubarray(facts, { minLength: facts.length }),
    }),
  );
  fc.assert(
    fc.property(delivery, ({ facts, shuffled }) => {
      assert.deepEqual(groupCall(shuffled), groupCall(facts));
    }),
  );
});
