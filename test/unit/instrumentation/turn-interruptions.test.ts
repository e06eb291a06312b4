import assert from 'node:assert/strict';
import { before, beforeEach, describe, it, test } from 'node:test';
import { recordSpans, takeFacts } from '../../support/spans.ts';
import { answers, end, start, user } from '../../support/stories/turn-rules.ts';
import { agentAnswers, llm, phoneCall, s, stages, turns, us, userSays } from '../../support/stories/turns.ts';

before(recordSpans);
beforeEach(() => void takeFacts());

test('a barge-in ends the turn where the agent fell silent and opens the next where the user began', () => {
  const call = phoneCall();
  userSays(call, 'Tell me about the menu', 1, 2);
  agentAnswers(call, 2.4);
  call.tracker.speechStarted(s(4));
  call.tracker.wordsHeard(s(4));
  call.tracker.playbackCleared(s(4.3));
  userSays(call, 'Stop, just book it', 4, 5);
  agentAnswers(call, 5.4);
  call.end({ at: s(9) });

  const facts = takeFacts();
  const [interrupted, next] = turns(facts);
  assert.equal(interrupted?.interrupted, true);
  assert.equal(interrupted.endUs, us(4.3));
  assert.deepEqual(interrupted.interruptions, [{ kind: 'barge_in', atUs: us(4), timeToSilenceSeconds: 0.3 }]);
  assert.equal(next?.startUs, us(4));
  assert.equal(next.speechEndedUs, us(5));
  assert.equal(next.interrupted, false);
  assert.equal(stages(facts, 1).filter((stage) => stage.stage === 'stt').length, 1);
});

test('a barge-in whose beginning is inferred from its words has no time to silence', () => {
  const call = phoneCall();
  const { tracker } = call;
  userSays(call, 'What is on the menu?', 1, 2);
  agentAnswers(call, 2.4);
  tracker.speechStarted(s(4.3), 'inferred');
  tracker.wordsHeard(s(4.3));
  tracker.playbackCleared(s(4.31));
  // Told with the final words.
  tracker.speechStarted(s(4));
  tracker.speechEnded(s(5), 'stt_word_end');
  tracker.committed(s(5.3));
  call.end({ at: s(6) });
  const [interrupted, next] = turns(takeFacts());
  assert.equal(interrupted?.interrupted, true);
  assert.equal(interrupted.interruptions?.[0]?.kind, 'barge_in');
  assert.equal(interrupted.interruptions[0].timeToSilenceSeconds, undefined);
  assert.equal(next?.speechStartedUs, us(4));
  assert.equal(next.speechEndedUs, us(5));
});

test('an application that stops the agent before the words are known has still been barged into', () => {
  const call = phoneCall();
  userSays(call, 'Tell me about the menu', 1, 2);
  agentAnswers(call, 2.4);
  call.tracker.playbackCleared(s(4.1));
  userSays(call, 'No, wait', 4, 4.6);
  agentAnswers(call, 5);
  call.end({ at: s(9) });

  const found = turns(takeFacts());
  assert.equal(found.length, 2);
  assert.equal(found[0]?.interruptions?.[0]?.kind, 'barge_in');
  assert.equal(found[1]?.startUs, us(4));
});

test('words over an agent that goes on are a backchannel, and their usage is the call’s', () => {
  const call = phoneCall();
  userSays(call, 'Tell me about the menu', 1, 2);
  agentAnswers(call, 2.4);
  userSays(call, 'mm-hmm', 4, 4.3);
  call.tracker.playbackEnded(s(7));
  call.end({ at: s(9) });

  const facts = takeFacts();
  assert.equal(turns(facts).length, 1);
  assert.equal(turns(facts)[0]?.interrupted, false);
  assert.deepEqual(turns(facts)[0]?.interruptions, [{ kind: 'backchannel', atUs: us(4) }]);
  assert.equal(stages(facts, undefined).length, 1);
});

test('words over an agent that answers them are the next turn', () => {
  const call = phoneCall();
  userSays(call, 'Tell me about the menu', 1, 2);
  agentAnswers(call, 2.4);
  userSays(call, 'and the wine', 4, 4.8);
  call.tracker.startStage('llm', llm, s(5.1)).end({ at: s(5.5) });
  call.end({ at: s(9) });

  const found = turns(takeFacts());
  assert.equal(found.length, 2);
  assert.equal(found[1]?.speechEndedUs, us(4.8));
});

test('an agent that is stopped by a cough and goes on was interrupted falsely, in one turn', () => {
  const call = phoneCall();
  userSays(call, 'Tell me about the menu', 1, 2);
  agentAnswers(call, 2.4);
  call.tracker.speechStarted(s(4));
  call.tracker.playbackCleared(s(4.2));
  call.tracker.playbackStarted(s(5));
  call.tracker.playbackEnded(s(7));
  call.end({ at: s(9) });

  const found = turns(takeFacts());
  assert.equal(found.length, 1);
  assert.equal(found[0]?.interrupted, false);
  assert.equal(found[0]?.interruptions?.[0]?.kind, 'false_interruption');
});

test('audio that was on its way when the agent was stopped does not answer the next turn', () => {
  const call = phoneCall();
  userSays(call, 'Tell me about the menu', 1, 2);
  agentAnswers(call, 2.4);
  call.tracker.speechStarted(s(4));
  call.tracker.wordsHeard(s(4));
  call.tracker.playbackCleared(s(4.3));
  call.tracker.playbackStarted(s(4.32));
  userSays(call, 'Stop', 4, 5);
  agentAnswers(call, 5.4);
  call.end({ at: s(9) });

  const playback = stages(takeFacts(), 1).find((stage) => stage.stage === 'playback');
  assert.equal(playback?.startUs, us(5.9));
});

describe('the turns of a call', () => {
  it('are cut off by the end of the call, which is not a barge-in though the user makes a noise', () => {
    const call = start();
    user(call, 'Tell me about the menu', 1, 2);
    answers(call, 2.4);
    call.tracker.speechStarted(s(4));
    call.tracker.speechEnded(s(4.2), 'vad');
    const [turn] = end(call, 5).turns;
    assert.equal(turn?.interrupted, false);
    assert.equal(turn.cutOffBy, 'hangup');
  });

  it('are not a barge-in where the program silences the agent, even if the user speaks', () => {
    const call = start();
    user(call, 'Tell me about the menu', 1, 2);
    answers(call, 2.4);
    call.tracker.speechStarted(s(4));
    call.tracker.playbackCutOff('program', s(4.3));
    const [turn] = end(call, 30).turns;
    assert.equal(turn?.interrupted, false);
    assert.equal(turn.cutOffBy, 'program');
  });
});
