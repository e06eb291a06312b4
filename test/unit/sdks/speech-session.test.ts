import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { recordSpans } from '../../support/spans.ts';
import { Conversation } from '../../support/stories/speech-session.ts';

before(recordSpans);

describe('a speech-to-speech session', () => {
  it('is a turn of what the user says and what the model answers, heard when its audio comes', () => {
    const talk = new Conversation();
    talk.user(1, 2);
    talk.agent('a', 2.6, 3);
    const story = talk.end(10);
    const [turn, ...more] = story.turns;
    assert.deepEqual(more, []);
    assert.equal(turn?.initiator, 'user');
    assert.equal(turn.speechStartedUs, talk.us(1));
    assert.equal(turn.speechEndedUs, talk.us(2));
    assert.equal(turn.eouSource, 'vad');
    assert.equal(turn.committedUs, talk.us(2.5));
    const [response] = story.stages('llm');
    assert.equal(response?.startUs, talk.us(2.6));
    assert.equal(response?.firstByteUs, talk.us(2.9));
    const [playback] = story.stages('playback');
    assert.equal(playback?.playbackSource, 'estimated');
    assert.equal(playback.startUs, talk.us(2.9));
    assert.equal(playback.endUs, talk.us(5.9));
    assert.equal(turn.interrupted, false);
  });

  it('is opened by the agent when no one has spoken', () => {
    const talk = new Conversation();
    talk.agent('greeting', 0.1, 2);
    talk.user(3, 4);
    talk.agent('a', 4.6, 1);
    assert.deepEqual(
      talk.end(10).turns.map(({ initiator, interrupted }) => [initiator, interrupted]),
      [
        ['agent', false],
        ['user', false],
      ],
    );
  });

  it('counts positions in the audio that was sent, across a change of its encoding', () => {
    const talk = new Conversation({ init: { inputBytesPerSecond: 48_000 } });
    for (let i = 1; i <= 50; i++) talk.session.audioSent(960, talk.at(10 + i / 50));
    talk.session.describe({ inputBytesPerSecond: 8_000 });
    for (let i = 1; i <= 100; i++) talk.session.audioSent(160, talk.at(20 + i / 50));
    talk.session.speechStarted({ seconds: 0.5, atMs: talk.at(22) });
    talk.session.speechEnded({ seconds: 1.5, atMs: talk.at(22) }, 'vad');
    talk.session.committed('item', talk.at(22));
    const [turn] = talk.end(30).turns;
    assert.equal(turn?.speechStartedUs, talk.us(10.5));
    assert.equal(turn?.speechEndedUs, talk.us(20.5));
  });

  it('puts transcripts that come late where their utterance belongs', () => {
    const talk = new Conversation();
    const first = talk.user(1, 2);
    talk.agent('a', 2.6, 1);
    const second = talk.user(5, 6);
    talk.agent('b', 6.6, 1);
    talk.session.transcriptBegun(first, talk.at(6.7));
    talk.transcript(second, 'the second', 6.8);
    talk.transcript(first, 'the first', 6.9);
    const story = talk.end(10);
    assert.deepEqual(
      story
        .stages('stt')
        .map(({ turnIndex, startUs, firstByteUs, endUs }) => [turnIndex, startUs, firstByteUs, endUs]),
      [
        [0, talk.us(1), talk.us(6.7), talk.us(6.9)],
        [1, talk.us(5), talk.us(6.8), talk.us(6.8)],
      ],
    );
    assert.equal(story.stages('stt')[0]?.model, 'whisper-1');
  });

  it('keeps a transcript that came before the answer until it is known whose it is', () => {
    const talk = new Conversation();
    const id = talk.user(1, 2);
    talk.transcript(id, 'hello', 2.55);
    talk.session.responseStarted('a', talk.at(2.6));
    assert.equal(talk.call.turn?.userText, 'hello');
    assert.equal(talk.end(5).stages('stt')[0]?.turnIndex, 0);
  });

  it('marks a transcription that failed, and goes on', () => {
    const talk = new Conversation();
    const id = talk.user(1, 2);
    talk.session.responseStarted('a', talk.at(2.6));
    talk.session.transcribed(id, { error: 'audio_unintelligible' }, talk.at(3));
    assert.equal(talk.end(5).stages('stt')[0]?.errorType, 'audio_unintelligible');
  });

  it('loses the audio that waits when the user talks over it, long after the response is complete', () => {
    const talk = new Conversation();
    talk.user(1, 2);
    talk.agent('a', 2.6, 20);
    talk.user(8, 9);
    talk.agent('b', 9.6, 1);
    const story = talk.end(15);
    const [first, second, ...more] = story.turns;
    assert.deepEqual(more, []);
    assert.equal(first?.interrupted, true);
    assert.deepEqual(
      first?.interruptions?.map(({ kind, atUs }) => [kind, atUs]),
      [['barge_in', talk.us(8)]],
    );
    assert.equal(second?.speechStartedUs, talk.us(8));
    assert.equal(second.speechEndedUs, talk.us(9));
    const [cut, whole] = story.stages('playback');
    assert.equal(cut?.endUs, talk.us(8.1));
    assert.equal(cut.cancelled, true);
    assert.equal(whole?.startUs, talk.us(9.9));
  });

  it('does not play what still comes of an answer that was silenced', () => {
    const talk = new Conversation();
    talk.user(1, 2);
    talk.session.responseStarted('a', talk.at(2.6));
    talk.session.audioReceived('a', 80_000, talk.at(2.9));
    talk.session.silenced(talk.at(4));
    talk.session.audioReceived('a', 8_000, talk.at(4.5));
    talk.session.responseEnded('a', { cancelled: true }, talk.at(4.6));
    const story = talk.end(10);
    assert.deepEqual(
      story.stages('playback').map(({ startUs, endUs }) => [startUs, endUs]),
      [[talk.us(2.9), talk.us(4)]],
    );
    assert.equal(story.turns[0]?.interrupted, false, 'no one spoke');
  });

  it('goes on when the server does not let itself be interrupted, and answers after that', () => {
    const talk = new Conversation();
    talk.user(1, 2);
    talk.agent('a', 2.6, 8);
    talk.user(5, 6, { interrupts: false });
    talk.agent('b', 6.6, 2);
    const story = talk.end(20);
    const [first, second, ...more] = story.turns;
    assert.deepEqual(more, []);
    assert.equal(first?.interrupted, false);
    assert.equal(second?.speechEndedUs, talk.us(6));
    const [, answer] = story.stages('playback');
    assert.equal(answer?.turnIndex, 1);
    // The first answer is heard until 10.9: only then the second.
    assert.equal(answer.startUs, talk.us(10.9));
  });

  it('makes no turn of what is said over an agent that goes on and does not answer it', () => {
    const talk = new Conversation();
    talk.user(1, 2);
    talk.agent('a', 2.6, 8);
    talk.user(5, 5.3, { interrupts: false });
    assert.equal(talk.end(7).turns.length, 1);
  });
  it('waits in the turn for a tool', () => {
    const talk = new Conversation();
    talk.user(1, 2);
    talk.session.responseStarted('a', talk.at(2.6));
    talk.session.contentReceived('a', talk.at(2.8));
    talk.session.toolCalled('call-1', 'get_hours', talk.at(2.9));
    talk.session.responseEnded('a', { result: { finishReasons: ['tool_calls'] } }, talk.at(3));
    talk.session.toolAnswered('call-1', talk.at(3.4));
    talk.session.toolAnswered('call-1', talk.at(3.5));
    talk.session.toolAnswered('call-2', talk.at(3.5));
    talk.agent('b', 3.5, 1);
    const story = talk.end(10);
    assert.equal(story.turns.length, 1);
    const [tool] = story.stages('tool');
    assert.deepEqual(
      [tool?.turnIndex, tool?.toolName, tool?.startUs, tool?.endUs],
      [0, 'get_hours', talk.us(2.9), talk.us(3.4)],
    );
    assert.equal(story.stages('llm')[0]?.firstByteUs, talk.us(2.8));
  });

  it('is one turn of two utterances that are answered together, with the last silence', () => {
    const talk = new Conversation();
    const one = talk.user(1, 2);
    talk.session.responseStarted('a', talk.at(2.6));
    const two = talk.user(2.8, 4);
    talk.session.responseEnded('a', { cancelled: true }, talk.at(2.9));
    talk.agent('b', 4.6, 1);
    talk.transcript(one, 'I would like', 4.7);
    talk.transcript(two, 'a table', 4.8);
    const story = talk.end(10);
    const [turn, ...more] = story.turns;
    assert.deepEqual(more, []);
    assert.equal(turn?.speechStartedUs, talk.us(1));
    assert.equal(turn?.speechEndedUs, talk.us(4));
    assert.equal(turn?.committedUs, talk.us(4.5));
    assert.deepEqual(
      story.stages('stt').map(({ turnIndex }) => turnIndex),
      [0, 0],
    );
  });
});
