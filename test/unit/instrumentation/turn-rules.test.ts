import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, beforeEach, describe, it, type TestContext } from 'node:test';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { Replies } from '../../../instrumentation/call/turns/replies.ts';
import { RECORDING_PRICES } from '../../support/recorded-rows.ts';
import { packageRoot } from '../../support/root.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';
import { answers, end, prompt, says, start, user } from '../../support/stories/turn-rules.ts';
import { llm, s, stt, us } from '../../support/stories/turns.ts';

const source = readFileSync(join(packageRoot, 'instrumentation/call/turn-tracker.ts'), 'utf8');

before(recordSpans);
beforeEach(() => void takeFacts());

/** The rules of the tracker, each a sentence of its head comment. */
const tested: string[] = [];
const rule = (sentence: string, check: (t: TestContext) => void): void => {
  tested.push(sentence);
  it(sentence, check);
};

describe('the turns of a call', () => {
  it('go by rules that are stated where they are kept, and each is tested by its sentence', () => {
    const head = /\/\*\*\n \* Decides what belongs[\s\S]*?\*\//.exec(source)?.[0] ?? '';
    const stated = [...head.matchAll(/^ \* - ([\s\S]*?)\n(?= \* - | \*\/)/gm)];
    assert.deepEqual(stated.map(([, text]) => text?.replace(/\n \*\s+/g, ' ')).sort(), tested.toSorted());
  });

  rule(
    'Speech becomes a turn when words are understood and the agent is silent, or is silenced by it.',
    () => {
      const call = start();
      call.tracker.speechStarted(s(1));
      call.tracker.speechEnded(s(1.2), 'vad');
      const index = (): number | undefined => call.turn?.index;
      assert.equal(index(), undefined, 'a cough');
      user(call, 'Tell me about the menu', 2, 3);
      answers(call, 3.4);
      call.tracker.speechStarted(s(5));
      call.tracker.wordsHeard(s(5));
      assert.equal(index(), 0, 'the agent goes on');
      call.tracker.playbackCleared(s(5.2));
      assert.equal(index(), 1);
      assert.equal(end(call, 9).turns[0]?.interrupted, true);
    },
  );

  rule('Until the agent is heard, everything the user says belongs to the same turn.', () => {
    const call = start();
    user(call, 'I would like', 1, 2);
    user(call, 'a table for two', 3, 4);
    answers(call, 4.4);
    const [turn, ...more] = end(call, 9).turns;
    assert.deepEqual(more, []);
    assert.equal(turn?.speechStartedUs, us(1));
    assert.equal(turn.speechEndedUs, us(4));
  });

  rule(
    'Words spoken over an agent that goes on are not a turn (a backchannel), unless the agent answers them.',
    () => {
      for (const answered of [false, true]) {
        const call = start();
        user(call, 'Tell me about the menu', 1, 2);
        answers(call, 2.4);
        user(call, 'and the wine', 4, 4.8);
        if (answered) call.tracker.startStage('llm', llm, s(5.1));
        call.tracker.playbackEnded(s(7));
        assert.equal(end(call, 9).turns.length, answered ? 2 : 1);
      }
    },
  );

  rule("What a framework takes for the end of the user's turn is one, whatever was understood.", () => {
    const call = start();
    call.tracker.follow(new Replies(call));
    call.tracker.speechStarted(s(1));
    call.tracker.accepted(s(2.5), { at: s(2), source: 'vad' });
    const [turn] = end(call, 9).turns;
    assert.equal(turn?.initiator, 'user');
    assert.equal(turn.speechEndedUs, us(2));
    assert.equal(turn.committedUs, us(2.5));
  });

  rule("A turn closes when its reply is over: by the rules for silence, or by the framework's word.", (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const silent = start();
    user(silent, 'What time do you open?', 1, 2);
    answers(silent, 2.4, { until: 4 });
    t.mock.timers.tick(149);
    assert.notEqual(silent.turn, undefined, 'another sentence may follow');
    t.mock.timers.tick(1);
    assert.equal(silent.turn, undefined);

    const told = start();
    const replies = new Replies(told);
    told.tracker.follow(replies);
    user(told, 'What time do you open?', 1, 2);
    replies.created({ id: 'a', interrupted: false, scheduled: true }, undefined, us(2.3));
    replies.scheduled('a', false);
    replies.answersTurn('a');
    told.tracker.playbackStarted(s(2.5));
    told.tracker.playbackEnded(s(4));
    t.mock.timers.tick(60_000);
    assert.notEqual(told.turn, undefined, 'the reply is not over');
    replies.done('a');
    t.mock.timers.tick(150);
    assert.equal(told.turn, undefined);
    for (const call of [silent, told]) call.end();
  });

  rule(
    'What the user says after words that were accepted, and before the answer, is an utterance of its own.',
    () => {
      const call = start();
      user(call, 'A table for two', 1, 2);
      call.tracker.startStage('llm', llm, s(2.4)).fail(new TypeError('no'), { at: s(2.6) });
      user(call, 'Hello?', 5, 5.5);
      answers(call, 6);
      const [turn, ...more] = end(call, 9).turns;
      assert.deepEqual(more, []);
      assert.deepEqual(turn?.utterances, [
        { startedUs: us(1), endedUs: us(2), committedUs: us(2.3) },
        { startedUs: us(5), endedUs: us(5.5), committedUs: us(5.8) },
      ]);
      assert.equal(turn.reportedEouLatencySeconds, 4.5, 'the caller has waited since the first of them');
    },
  );

  rule(
    "A sound after the user's words were accepted is not what is answered, unless words are understood in it.",
    () => {
      const call = start();
      user(call, 'A table for two', 1, 2);
      call.tracker.speechStarted(s(2.5));
      call.tracker.speechEnded(s(2.7), 'vad');
      answers(call, 2.8);
      const [turn] = end(call, 9).turns;
      assert.equal(turn?.speechEndedUs, us(2));
      assert.equal(turn.utterances, undefined);
    },
  );

  rule(
    'A request that nothing led to is a turn once its answer is spoken, and else background work of the call.',
    () => {
      const call = start();
      const memory = call.tracker.startStage('llm', llm, s(1));
      memory.end({ usage: { inputTokens: 7 }, at: s(1.5) });
      user(call, 'What time do you open?', 4, 5);
      answers(call, 5.5);
      const story = end(call, 9);
      const [turn, ...more] = story.turns;
      assert.deepEqual(more, []);
      assert.equal(turn?.turnIndex, 0);
      assert.equal(turn.initiator, 'user');
      assert.equal(turn.startUs, us(4));
      assert.equal(story.stages('llm').filter(({ turnIndex }) => turnIndex === 0).length, 1);
      assert.equal(
        story.stages('llm').find(({ turnIndex }) => turnIndex === undefined)?.usage?.inputTokens,
        7,
      );
    },
  );

  it('open with a request in silence whose answer is spoken', () => {
    const call = start();
    answers(call, 1, { until: 3 });
    user(call, 'Hello', 4, 5);
    answers(call, 5.5);
    assert.deepEqual(
      end(call, 9).turns.map(({ initiator, startUs }) => [initiator, startUs]),
      [
        ['agent', us(1)],
        ['user', us(4)],
      ],
    );
  });

  it('are not held open by a stream that is created and never read', () => {
    const call = start({ observed: false });
    user(call, 'What time do you open?', 1, 2);
    call.tracker.startStage('llm', llm, s(2.2));
    const request = call.tracker.startStage('llm', llm, s(2.3));
    request.firstByte(s(2.5));
    request.end({ at: s(2.6) });
    says(call, 'At ten.', 2.6, 2);
    user(call, 'And on Sunday?', 8, 9);
    const story = end(call, 12);
    assert.equal(story.turns.length, 2);
    assert.equal(story.turns[1]?.startUs, us(8));
    assert.equal(story.stages('playback')[0]?.endUs, us(4.7), 'as long as its audio');
  });

  it('take a request that brings no result of a tool for the next answer, and one that does for the same', () => {
    for (const role of ['user', 'tool'] as const) {
      const call = start();
      user(call, 'Book it', 1, 2);
      const request = call.tracker.startStage('llm', llm, s(2.3));
      request.firstByte(s(2.4));
      request.end({ finishReasons: ['tool_calls'], at: s(2.5) });
      says(call, 'One moment.', 2.5, 2);
      call.tracker.playbackStarted(s(2.7));
      user(call, 'Thanks', 4, 4.4);
      call.tracker.playbackEnded(s(4.6));
      answers(call, 5, { facts: { inputMessages: prompt(role) } });
      assert.equal(end(call, 9).turns.length, role === 'user' ? 2 : 1, role);
    }
  });

  rule('Where nothing listens to the user, a turn is what is heard of the agent at a stretch.', () => {
    const call = start({ listens: false });
    answers(call, 1, { until: 3 });
    call.tracker.playbackStarted(s(4));
    call.tracker.playbackCleared(s(5));
    answers(call, 6);
    call.tracker.playbackCleared(s(7));
    const { turns } = end(call, 9);
    assert.deepEqual(
      turns.map(({ initiator, interrupted, interruptions }) => [initiator, interrupted, interruptions]),
      [
        [undefined, undefined, undefined],
        [undefined, undefined, undefined],
      ],
    );
    assert.equal(turns[1]?.startUs, us(6));
  });

  it('have what was still being said when the call ended', () => {
    const call = start();
    call.tracker.listens((endUs) =>
      call.tracker.utterance({
        startAt: s(1),
        endAt: endUs / 1_000,
        facts: stt,
        result: { text: 'I would' },
        cancelled: true,
      }),
    );
    call.tracker.speechStarted(s(1));
    call.tracker.wordsHeard(s(1));
    const story = end(call, 2);
    assert.equal(story.stages('stt')[0]?.turnIndex, 0);
    assert.equal(story.stages('stt')[0]?.cancelled, true);
  });

  it('know the request whose answer was spoken by what was said, and not by when', () => {
    for (const [spoken, latency] of [
      ['We open at ten.', 0.2],
      ['Please hold the line.', null],
    ] as const) {
      const call = start();
      user(call, 'What time do you open?', 1, 2);
      const answer = call.tracker.startStage('llm', llm, s(2.3));
      answer.firstByte(s(2.5));
      const classifier = call.tracker.startStage('llm', { ...llm, model: 'guard' }, s(2.4));
      classifier.firstByte(s(2.55));
      classifier.end({ text: 'opening_hours', at: s(2.56) });
      says(call, spoken, 2.6, 2);
      answer.end({ text: 'We open at ten. Shall I book a table?', at: s(2.9) });
      call.tracker.playbackStarted(s(2.8));
      const { facts, turns } = end(call, 9);
      assert.equal(finalizeCall(facts, RECORDING_PRICES).logs[0]?.ttfb_llm, latency, spoken);
      assert.doesNotMatch(JSON.stringify(turns), /We open at/, 'what was said stays here');
    }
  });

  it('are answered by what the model gave, where nothing shows when the agent is heard', () => {
    const call = start({ observed: false });
    for (const from of [1, 6]) {
      user(call, 'What time do you open?', from, from + 1);
      const answer = call.tracker.startStage('llm', llm, s(from + 1.4));
      answer.firstByte(s(from + 1.6));
      answer.end({ text: 'At ten.', at: s(from + 2) });
    }
    assert.deepEqual(
      end(call, 12).turns.map(({ startUs }) => startUs),
      [us(1), us(6)],
    );
  });
});
