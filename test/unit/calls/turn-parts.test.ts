import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { groupCall } from '../../../exporter/calls/group.ts';
import { markTurn } from '../../../exporter/calls/marks.ts';
import { eouLatencyUs } from '../../../exporter/calls/segments.ts';
import type { Fact, StageFact, TurnPartFact } from '../../../model/facts.ts';
import type { StageKind } from '../../../model/vocabulary.ts';
import { at, call, stage, turn } from './builders.ts';

type Times = readonly [number, number];

/** A side of a turn in the call's one trace, with the span id `id`. */
const part = (
  side: TurnPartFact['part'],
  id: string,
  [start, end]: Times,
  more: Partial<TurnPartFact> = {},
): TurnPartFact => ({
  type: 'turn_part',
  part: side,
  traceId: 'job',
  spanId: id,
  callId: 'C1',
  name: `${side}_turn`,
  startUs: at(start),
  endUs: at(end),
  ...more,
});

/** A stage in the same trace, below the span `parentSpanId`. */
const below = (
  parentSpanId: string,
  kind: StageKind,
  times: Times | readonly [number, number, number],
  more: Partial<StageFact> = {},
): StageFact => stage(kind, undefined, times, { traceId: 'job', parentSpanId, ...more });

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

/** The user's voice, as the framework heard it. */
const voice = (id: string, times: Times, more: Partial<TurnPartFact> = {}) => part('speech', id, times, more);
const turnsOf = (facts: readonly Fact[]) => groupCall(facts).turns;

test("the user's voice ends the utterance where the framework measured nothing, the last one before the commit", () => {
  const facts = [
    part('user', 'u', [0, 2_800]),
    voice('v1', [0, 1_100]),
    voice('v2', [1_400, 2_000]),
    part('agent', 'a', [2_800, 6_000]),
    below('a', 'playback', [4_200, 6_000]),
    // Over the answer: not what was answered.
    voice('v3', [5_000, 5_500]),
  ];
  assert.deepEqual(turnsOf(facts).map(markTurn).map(eouLatencyUs), [2_200_000]);
});

test("the framework's own measure comes before the user's voice", () => {
  const facts = [
    part('user', 'u', [0, 2_800], { endOfTurnDelaySeconds: 0.5 }),
    voice('v', [0, 2_000]),
    part('agent', 'a', [2_800, 6_000]),
    below('a', 'playback', [4_200, 6_000]),
  ];
  assert.deepEqual(turnsOf(facts).map(markTurn).map(eouLatencyUs), [1_900_000]);
});

test('a voice that the commit did not wait for says nothing about when it fell silent', () => {
  const facts = [
    part('user', 'u', [0, 2_800]),
    voice('v', [0, 3_500]),
    part('agent', 'a', [2_800, 6_000]),
    below('a', 'playback', [4_200, 6_000]),
  ];
  assert.deepEqual(turnsOf(facts).map(markTurn).map(eouLatencyUs), [null]);
});

test('a turn that a noise opened while the agent spoke begins with the words', () => {
  const facts = [
    part('agent', 'g', [0, 9_000]),
    below('g', 'playback', [0, 3_000]),
    below('g', 'playback', [4_000, 9_000]),
    part('user', 'u', [2_800, 12_000]),
    voice('cough', [2_800, 3_100]),
    voice('words', [10_000, 11_400]),
    part('agent', 'a', [12_000, 15_000]),
    below('a', 'playback', [12_500, 15_000]),
  ];
  const [greeting, answer] = turnsOf(facts);
  assert.deepEqual([answer?.startUs, answer && eouLatencyUs(markTurn(answer))], [at(10_000), 1_100_000]);
  assert.deepEqual(greeting?.fact?.interruptions, [
    { kind: 'false_interruption', atUs: at(2_800), timeToSilenceSeconds: 0.2 },
  ]);
  assert.equal(greeting?.interrupted, false);
});

test('words before and after a tool are no false interruption', () => {
  const facts = [
    part('user', 'u', [0, 1_000]),
    part('agent', 'a', [1_010, 6_000]),
    below('a', 'playback', [1_500, 2_500]),
    below('a', 'tool', [2_500, 3_500]),
    below('a', 'playback', [4_000, 6_000]),
  ];
  assert.equal(turnsOf(facts)[0]?.fact?.interruptions, undefined);
});

test('a yes that the framework knows to be none is a backchannel', () => {
  const facts = [
    part('user', 'u', [0, 1_000]),
    part('agent', 'a', [1_010, 6_000]),
    below('a', 'playback', [1_500, 6_000]),
    voice('yes', [3_000, 3_300], { backchannel: true }),
  ];
  assert.deepEqual(turnsOf(facts)[0]?.fact?.interruptions, [{ kind: 'backchannel', atUs: at(3_000) }]);
});

/** A reply that is cut off at 3.3 s; the call ends at `endMs`. */
const cutReply = (reply: Partial<TurnPartFact>, endMs: number | undefined, ...more: Fact[]) =>
  turnsOf([
    part('user', 'u', [0, 1_000]),
    part('agent', 'a', [1_010, 3_300], { interrupted: true, ...reply }),
    below('a', 'playback', [1_500, 3_300]),
    ...(endMs === undefined ? [] : [call([0, endMs], { traceId: 'job' })]),
    ...more,
  ])[0];

test('a reply that was cut off by the end of the call was not interrupted, whether the framework says so or not', () => {
  for (const reply of [{}, { interruptedBy: 'program' as const }]) {
    const turn = cutReply(reply, 3_400);
    assert.deepEqual([turn?.interrupted, turn?.cutOffBy], [false, 'hangup']);
  }
});

test('a reply that the program cut off in mid-call was not interrupted', () => {
  const turn = cutReply({ interruptedBy: 'program' }, 60_000, part('user', 'v', [9_000, 9_900]));
  assert.deepEqual([turn?.interrupted, turn?.cutOffBy], [false, 'program']);
});

test('a program that ends its session has not been hung up on', () => {
  const details: Fact = {
    ...part('user', 'close', [3_300, 3_400]),
    type: 'other',
    call: { endReason: 'user_initiated' },
  } as Fact;
  assert.equal(cutReply({ interruptedBy: 'program' }, 3_400, details)?.cutOffBy, 'program');
});

test('a user who talks on from before the reply began has interrupted it', () => {
  const turn = cutReply({}, 60_000, voice('v', [900, 3_200]));
  assert.deepEqual([turn?.interrupted, turn?.cutOffBy], [true, 'user']);
});

test('the user interrupted, as the framework says, where no voice of the user is seen', () => {
  const turn = cutReply({ interruptedBy: 'user' }, 60_000);
  assert.deepEqual([turn?.interrupted, turn?.fact?.interruptions], [true, undefined]);
});

test('a reply that was cut off before any of it was played was heard by no one, whatever was synthesised', () => {
  const facts = [
    part('user', 'u', [0, 1_000], { endOfTurnDelaySeconds: 0.3 }),
    part('agent', 'a', [1_010, 1_700], { interrupted: true }),
    below('a', 'llm', [1_010, 1_200, 1_600]),
    below('a', 'tts', [1_250, 1_400, 1_700]),
  ];
  const [turn] = turnsOf(facts);
  assert.deepEqual([turn?.heard, turn?.interrupted], [false, false]);
  assert.deepEqual(turn && [eouLatencyUs(markTurn(turn)), markTurn(turn).spoken], [null, {}]);
});
