import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { groupCall } from '../../../exporter/calls/group.ts';
import { markTurn } from '../../../exporter/calls/marks.ts';
import { type Schedule, scheduleOf, silenceAfter } from '../../../exporter/decisions/schedule.ts';
import { at, stage, turn } from '../calls/builders.ts';

/** The example of docs/definitions.md, in milliseconds after the end of utterance. */
const PLAIN: Schedule = {
  committed: 300,
  llmStarted: 310,
  llmFirstByte: 500,
  ttsStarted: 560,
  ttsFirstByte: 650,
  playback: 670,
};

const anyMark = fc.option(fc.integer({ min: -500, max: 2_000 }), { nil: undefined });
const anySchedule = fc
  .record({
    playback: fc.integer({ min: 0, max: 2_000 }),
    committed: anyMark,
    llmStarted: anyMark,
    llmFirstByte: anyMark,
    ttsStarted: anyMark,
    ttsFirstByte: anyMark,
  })
  .map(
    (marks) =>
      Object.fromEntries(Object.entries(marks).filter(([, us]) => us !== undefined)) as unknown as Schedule,
  );

test('without a change a turn is as silent as it was, whatever its marks are', () => {
  fc.assert(
    fc.property(anySchedule, (schedule) => {
      assert.equal(silenceAfter(schedule, {}), schedule.playback);
      const { committed } = schedule;
      assert.equal(silenceAfter(schedule, { committed, preparation: 0 }), schedule.playback);
    }),
  );
});

test('what takes longer never makes a turn less silent, nor does a later commit', () => {
  fc.assert(
    fc.property(anySchedule, fc.integer({ min: 0, max: 500 }), (schedule, more) => {
      const { llmStarted = 0, llmFirstByte = 0, committed = 0 } = schedule;
      const wait = Math.max(0, llmFirstByte - llmStarted);
      assert.ok(silenceAfter(schedule, { llm: wait + more }) >= schedule.playback);
      assert.ok(silenceAfter(schedule, { committed: Math.max(0, committed) + more }) >= schedule.playback);
    }),
  );
});

test('in a plain turn, what is saved in one segment is saved in the silence', () => {
  assert.equal(silenceAfter(PLAIN, { llm: 100 }), 670 - 90);
  assert.equal(silenceAfter(PLAIN, { llm: 100, aggregation: 20, tts: 50 }), 670 - 90 - 40 - 40);
  assert.equal(silenceAfter(PLAIN, { committed: 220 }), 670 - 80);
  assert.equal(silenceAfter(PLAIN, { preparation: 40 }), 710);
});

test('a request that was sent ahead costs no waiting until it is slower than the commit', () => {
  const ahead: Schedule = {
    ...PLAIN,
    llmStarted: 50,
    llmFirstByte: 240,
    ttsStarted: 305,
    ttsFirstByte: 395,
    playback: 415,
  };
  assert.equal(silenceAfter(ahead, { llm: 100 }), 415, 'faster, and still waited for the commit');
  assert.equal(silenceAfter(ahead, { llm: 400 }), 415 + (50 + 400 - 305));
  assert.equal(silenceAfter(ahead, { committed: 260 }), 415 - 40);
  assert.equal(
    silenceAfter(ahead, { committed: 100 }),
    415 - (305 - 240),
    'the answer is what is waited for then',
  );
});

test('a synthesis that was opened ahead waits for the text', () => {
  const opened: Schedule = { ...PLAIN, ttsStarted: 320 };
  assert.equal(silenceAfter(opened, { llm: 100 }), 670 - 90);
  assert.equal(silenceAfter(opened, { tts: 100 }), 670 - 50);
});

test("the application's own words have no model to replace, and a model that speaks itself no voice", () => {
  const own: Schedule = { committed: 300, ttsStarted: 310, ttsFirstByte: 400, playback: 420 };
  assert.equal(silenceAfter(own, { llm: 50, tts: 60 }), 420 - 30);
  assert.equal(silenceAfter(own, { committed: 200 }), 320);
  const realtime: Schedule = { committed: 300, llmStarted: 300, llmFirstByte: 700, playback: 720 };
  assert.equal(silenceAfter(realtime, { tts: 50 }), 720);
  assert.equal(silenceAfter(realtime, { llm: 300 }), 620);
});

test('the marks of a turn, after the end of its utterance', () => {
  const call = groupCall([
    turn(0, [7_000, 9_000], {
      initiator: 'user',
      speechEndedUs: at(7_000),
      committedUs: at(7_300),
      eouSource: 'vad',
    }),
    stage('llm', 0, [7_310, 7_500, 7_900]),
    stage('tts', 0, [7_560, 7_650, 8_400]),
    stage('playback', 0, [7_670, 9_000]),
  ]);
  const [marked] = call.turns.map(markTurn);
  const schedule = marked && scheduleOf(marked);
  assert.deepEqual(
    Object.fromEntries(Object.entries(schedule ?? {}).map(([name, us]) => [name, us / 1_000])),
    PLAIN,
  );
});
