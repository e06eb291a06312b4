import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupCall } from '../../../exporter/calls/group.ts';
import { markTurn } from '../../../exporter/calls/marks.ts';
import { eouLatencyUs } from '../../../exporter/calls/segments.ts';
import type { Fact, TurnPartFact } from '../../../model/facts.ts';
import { at, below, call, part, type Times } from './builders.ts';

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
