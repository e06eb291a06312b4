import assert from 'node:assert/strict';
import { before, beforeEach, test } from 'node:test';
import { Call } from '../../../instrumentation/call/call.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';
import {
  agentAnswers,
  llm,
  phoneCall,
  s,
  stages,
  stt,
  tts,
  turns,
  us,
  userSays,
} from '../../support/stories/turns.ts';

before(recordSpans);
beforeEach(() => void takeFacts());

test('a question and its answer are one turn with its marks', () => {
  const call = phoneCall();
  userSays(call, 'What time do you open?', 1, 2.5);
  agentAnswers(call, 2.9);
  call.tracker.playbackEnded(s(5));
  call.end({ reason: 'hangup', at: s(6) });

  const facts = takeFacts();
  const [turn, ...more] = turns(facts);
  assert.equal(more.length, 0);
  assert.equal(turn?.initiator, 'user');
  assert.equal(turn.startUs, us(1));
  assert.equal(turn.speechStartedUs, us(1));
  assert.equal(turn.speechEndedUs, us(2.5));
  assert.equal(turn.eouSource, 'stt_word_end');
  assert.equal(turn.committedUs, us(2.8));
  assert.equal(turn.interrupted, false);
  assert.deepEqual(
    stages(facts, 0)
      .map((stage) => stage.stage)
      .sort(),
    ['llm', 'playback', 'stt', 'tts'],
  );
});

test('a greeting is a turn of the agent, and the answer to it the next turn', () => {
  const call = phoneCall();
  agentAnswers(call, 0.1);
  call.tracker.playbackEnded(s(3));
  userSays(call, 'Hello', 3.5, 4);
  agentAnswers(call, 4.4);
  call.end({ at: s(8) });

  const found = turns(takeFacts());
  assert.deepEqual(
    found.map(({ turnIndex, initiator }) => [turnIndex, initiator]),
    [
      [0, 'agent'],
      [1, 'user'],
    ],
  );
  assert.equal(found[0]?.endUs, us(3));
});

test('a user who goes on after a pause is in the same turn, and the last silence counts', () => {
  const call = phoneCall();
  userSays(call, 'I would like', 1, 2);
  const first = call.tracker.startStage('llm', llm, s(2.4));
  call.tracker.speechStarted(s(2.5));
  first.cancel({ at: s(2.6) });
  userSays(call, 'a table for two', 2.5, 4);
  agentAnswers(call, 4.4);
  call.end({ at: s(8) });

  const facts = takeFacts();
  assert.equal(turns(facts).length, 1);
  assert.equal(turns(facts)[0]?.speechStartedUs, us(1));
  assert.equal(turns(facts)[0]?.speechEndedUs, us(4));
  assert.equal(turns(facts)[0]?.committedUs, us(4.3));
  assert.equal(stages(facts, 0).filter((stage) => stage.stage === 'llm').length, 2);
});

test('a cough in silence is not a turn', () => {
  const call = phoneCall();
  call.tracker.speechStarted(s(1));
  call.end({ at: s(9) });
  assert.equal(turns(takeFacts()).length, 0);
});

test('a turn waits for the answer that follows a tool call', () => {
  const call = phoneCall();
  userSays(call, 'Do you have a table?', 1, 2);
  const request = call.tracker.startStage('llm', llm, s(2.3));
  request.firstByte(s(2.5));
  request.end({ finishReasons: ['tool_calls'], at: s(2.6) });
  call.tracker.playbackStarted(s(2.7));
  call.tracker.playbackEnded(s(3.2));
  agentAnswers(call, 4);
  call.end({ at: s(9) });

  const facts = takeFacts();
  assert.equal(turns(facts).length, 1);
  assert.equal(stages(facts, 0).filter((stage) => stage.stage === 'llm').length, 2);
});

test('an end of speech that is reported after the agent began still counts when it lies before', () => {
  const call = phoneCall();
  call.tracker.speechStarted(s(1));
  call.tracker.wordsHeard(s(1));
  agentAnswers(call, 2.2);
  call.tracker.speechEnded(s(2), 'stt_word_end');
  call.end({ at: s(9) });
  assert.equal(turns(takeFacts())[0]?.speechEndedUs, us(2));
});

test('without a transport that shows playback it is estimated from synthesis', () => {
  const call = new Call({ at: s(0) });
  userSays(call, 'What time is it?', 1, 2);
  const request = call.tracker.startStage('llm', llm, s(2.3));
  request.firstByte(s(2.5));
  request.end({ at: s(2.6) });
  const speech = call.tracker.startStage('tts', tts, s(2.6));
  speech.firstByte(s(2.8));
  speech.end({ usage: { audioSeconds: 3 }, at: s(3) });
  call.end({ at: s(9) });

  const playback = stages(takeFacts(), 0).find((stage) => stage.stage === 'playback');
  assert.equal(playback?.startUs, us(2.8));
  assert.equal(playback.playbackSource, 'estimated');
});

test('an estimate that is told stands, with no second one from synthesis, as long as no transport shows playback', () => {
  for (const observed of [false, true]) {
    const call = observed ? phoneCall() : new Call({ at: s(0) });
    userSays(call, 'What time is it?', 1, 2);
    const answer = call.tracker.startStage('llm', llm, s(2.3));
    answer.firstByte(s(2.5));
    call.tracker.playbackStarted(s(2.6), 'estimated');
    answer.end({ at: s(3) });
    if (observed) call.tracker.playbackStarted(s(2.7));
    call.tracker.playbackEnded(s(6), 'estimated');
    if (observed) call.tracker.playbackEnded(s(5.5));
    call.end({ at: s(9) });

    const playbacks = stages(takeFacts(), 0).filter((stage) => stage.stage === 'playback');
    assert.deepEqual(
      playbacks.map(({ startUs, endUs, playbackSource }) => [startUs, endUs, playbackSource]),
      [observed ? [us(2.7), us(5.5), 'observed'] : [us(2.6), us(6), 'estimated']],
    );
  }
});

test('what starts after the end of the call belongs to the call and opens no turn', () => {
  const call = phoneCall();
  call.end({ at: s(3) });
  call.tracker.startStage('llm', llm, s(3.1)).end({ usage: { inputTokens: 5 }, at: s(3.5) });
  call.tracker.utterance({ startAt: s(3), endAt: s(3.2), facts: stt, result: { text: 'hello' } });

  const facts = takeFacts();
  assert.equal(turns(facts).length, 0);
  assert.deepEqual(
    stages(facts, undefined)
      .map((stage) => stage.stage)
      .sort(),
    ['llm', 'stt'],
  );
});

test('an utterance that is certain only when the agent has begun to answer it belongs to the turn of the answer', () => {
  const call = phoneCall();
  const { tracker } = call;
  tracker.speechStarted(s(1));
  tracker.wordsHeard(s(1));
  tracker.speechEnded(s(2), 'stt_word_end');
  agentAnswers(call, 2.2);
  tracker.speechEnded(s(2), 'stt_word_end');
  tracker.utterance({
    startAt: s(1),
    firstByteAt: s(1.4),
    endAt: s(3),
    facts: stt,
    result: { text: 'What time do you open?', usage: { audioSeconds: 1 } },
  });
  tracker.committed(s(3));
  tracker.startStage('llm', llm, s(3.1)).end({ at: s(3.4) });
  call.end({ at: s(10) });
  const facts = takeFacts();
  const [turn, ...others] = turns(facts);
  assert.deepEqual(others, []);
  assert.equal(turn?.speechEndedUs, us(2));
  assert.deepEqual(stages(facts, 0).filter(({ stage }) => stage === 'stt').length, 1);
});

test('a recording is transcribed from when it was sent, and spoken before that', () => {
  const call = phoneCall();
  call.tracker.utterance({
    startAt: s(1),
    requestedAt: s(3),
    firstByteAt: s(3.4),
    endAt: s(3.4),
    facts: { provider: 'openai', model: 'whisper-1', streaming: false },
    result: { text: 'What time do you open?' },
  });
  call.end({ at: s(6) });

  const facts = takeFacts();
  const [turn] = turns(facts);
  const [stage] = stages(facts, 0);
  assert.equal(turn?.startUs, us(1));
  assert.equal(turn.speechStartedUs, us(1));
  assert.equal(stage?.startUs, us(3));
  assert.equal(stage.firstByteUs, us(3.4));
});

test('an utterance whose transcription failed says so, and opens no turn', () => {
  const call = phoneCall();
  call.tracker.utterance({ startAt: s(1), endAt: s(2), facts: stt, result: {}, error: new TypeError('no') });
  call.end({ at: s(6) });

  const facts = takeFacts();
  assert.equal(turns(facts).length, 0);
  assert.equal(stages(facts, undefined)[0]?.errorType, 'TypeError');
});
