import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupCall } from '../../../exporter/calls/group.ts';
import { endpointingCall } from '../../../exporter/decisions/endpointing-call.ts';
import { userSilences } from '../../../exporter/decisions/user-silences.ts';
import { readFact } from '../../../exporter/dialects/index.ts';
import { ATTR, EVENT, SPAN } from '../../../model/semconv.ts';
import { at, call, part, stage, turn } from '../calls/builders.ts';

const ms = (us: number): number => us / 1_000;
const of = (facts: Parameters<typeof groupCall>[0]) => {
  const { silences, overAnswer } = userSilences(groupCall(facts));
  return {
    overAnswer,
    silences: silences.map(({ length, spokenOn, commit }) => [
      ms(length),
      spokenOn,
      ...(commit ? [ms(commit.committed)] : []),
    ]),
  };
};
const SPOKEN = { initiator: 'user', eouSource: 'vad' } as const;

test('a turn that is answered shows that the user was silent so long, or longer', () => {
  const { silences } = of([
    call([0, 9_000]),
    turn(0, [0, 5_000], {
      ...SPOKEN,
      speechStartedUs: at(0),
      speechEndedUs: at(1_000),
      committedUs: at(1_300),
      pauses: [200_000],
    }),
    stage('playback', 0, [1_900, 5_000]),
  ]);
  assert.deepEqual(silences, [
    [200, true],
    [900, false, 300],
  ]);
});

test('who speaks on before the answer was cut off; over the answer, it is not known how long the pause would have been', () => {
  const { silences, overAnswer } = of([
    call([0, 9_000]),
    turn(0, [0, 5_000], {
      ...SPOKEN,
      speechStartedUs: at(0),
      speechEndedUs: at(2_500),
      committedUs: at(2_800),
      utterances: [
        { startedUs: at(0), endedUs: at(1_000), committedUs: at(1_300) },
        { startedUs: at(1_450), endedUs: at(2_500), committedUs: at(2_800) },
      ],
      interruptions: [{ kind: 'barge_in', atUs: at(3_700) }],
      interrupted: true,
    }),
    stage('playback', 0, [3_400, 3_900], { cancelled: true }),
    turn(1, [3_700, 9_000], {
      ...SPOKEN,
      speechStartedUs: at(3_700),
      speechEndedUs: at(4_000),
      committedUs: at(4_300),
    }),
    stage('playback', 1, [5_000, 6_000]),
  ]);
  assert.deepEqual(silences, [
    [450, true, 300],
    [900, false, 300],
    [1_000, false, 300],
  ]);
  assert.equal(overAnswer, 1);
});

test('the stretches of a voice show pauses, where turns do not', () => {
  const speech = (id: string, from: number, to: number) => part('speech', id, [from, to]);
  const { silences } = of([
    call([0, 9_000]),
    turn(0, [0, 5_000], {
      ...SPOKEN,
      speechStartedUs: at(0),
      speechEndedUs: at(2_000),
      committedUs: at(2_400),
    }),
    stage('playback', 0, [3_000, 5_000]),
    speech('a', 0, 800),
    speech('b', 1_150, 2_000),
  ]);
  assert.deepEqual(silences, [
    [350, true],
    [1_000, false, 400],
  ]);
});

test('a pause in which something was committed is seen once, however it is shown', () => {
  const speech = (id: string, from: number, to: number) => part('speech', id, [from, to]);
  const { silences } = of([
    call([0, 9_000]),
    turn(0, [0, 5_000], {
      ...SPOKEN,
      speechStartedUs: at(0),
      speechEndedUs: at(2_500),
      committedUs: at(2_800),
      utterances: [
        { startedUs: at(0), endedUs: at(1_000), committedUs: at(1_300) },
        { startedUs: at(1_450), endedUs: at(2_500), committedUs: at(2_800) },
      ],
    }),
    stage('playback', 0, [3_400, 3_900]),
    speech('a', 0, 1_000),
    speech('b', 1_450, 2_000),
    speech('c', 2_100, 2_500),
  ]);
  assert.deepEqual(silences, [
    [100, true],
    [450, true, 300],
    [900, false, 300],
  ]);
});

test('where the end of speech or who spoke is not known, there are none', () => {
  const none = of([
    call([0, 9_000]),
    turn(0, [0, 5_000], { initiator: 'agent', committedUs: at(300) }),
    turn(1, [5_000, 9_000], { initiator: 'user', committedUs: at(5_300) }),
  ]);
  assert.deepEqual(none, { silences: [], overAnswer: 0 });
});

test('spans of turns show the pauses before a commit, and each utterance', () => {
  const event = (name: string, time: number) => ({ name, timeUs: at(time) });
  const fact = readFact({
    traceId: '0'.repeat(32),
    spanId: '1'.repeat(16),
    name: SPAN.turn,
    startUs: at(0),
    endUs: at(5_000),
    statusCode: 0,
    attributes: { [ATTR.callId]: 'C1', [ATTR.turnIndex]: 0, [ATTR.turnInitiator]: 'user' },
    resource: {},
    events: [
      ...[0, 1_200, 3_000].map((time) => event(EVENT.userSpeechStarted, time)),
      ...[1_000, 2_000, 4_000].map((time) => event(EVENT.userSpeechEnded, time)),
      ...[2_300, 4_300].map((time) => event(EVENT.turnCommitted, time)),
    ],
  });
  assert.ok(fact?.type === 'turn');
  assert.deepEqual(fact.pauses, [200_000]);
  assert.deepEqual(
    fact.utterances?.map(({ endedUs, committedUs }) => [ms(endedUs - at(0)), ms(committedUs - at(0))]),
    [
      [2_000, 2_300],
      [4_000, 4_300],
    ],
  );
});

test("a call's language is its tag, else that of the user's words", () => {
  const languageOf = (tags: Record<string, string>, userText?: string) =>
    endpointingCall(
      groupCall([
        call([0, 9_000], { tags }),
        turn(0, [0, 5_000], { ...SPOKEN, ...(userText !== undefined && { userText }) }),
      ]),
    ).language;
  assert.equal(languageOf({ language: 'de-DE' }), 'de');
  assert.equal(languageOf({}, 'Ich möchte gerne einen Tisch für heute Abend reservieren'), 'de');
  assert.equal(languageOf({}), undefined);
});
