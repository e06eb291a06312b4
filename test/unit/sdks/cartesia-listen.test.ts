import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { CartesiaListenConnection } from '../../../instrumentation/sdks/cartesia/listen.ts';
import { recordSpans } from '../../support/spans.ts';
import {
  audioSeconds,
  type ConversationFacts,
  LiveConversation,
} from '../../support/stories/live-conversation.ts';

before(recordSpans);

const PARAMETERS = { model: 'ink-2', encoding: 'pcm_mulaw', sample_rate: 8_000 };

class Talk extends LiveConversation<CartesiaListenConnection> {
  constructor(parameters: object = {}) {
    super(({ context }) => new CartesiaListenConnection({ ...PARAMETERS, ...parameters }, context));
    this.connection.opened();
  }

  say(message: object, arrives: number): void {
    this.connection.message(message, this.at(arrives));
  }

  transcript(text: string, words: unknown, arrives: number, is_final = true): void {
    this.say({ type: 'transcript', text, words, is_final }, arrives);
  }

  hangUp(code = 1000): ConversationFacts {
    this.connection.closed(code);
    return this.end();
  }
}

describe('turns that Cartesia finds', () => {
  it('start, seem to end and end when they are said to', () => {
    const talk = new Talk();
    talk.audio(0, 4);
    talk.say({ type: 'turn.start' }, 0.5);
    talk.say({ type: 'turn.update', transcript: 'one' }, 1);
    talk.say({ type: 'turn.eager_end', transcript: 'one' }, 1.5);
    talk.say({ type: 'turn.end', transcript: 'one' }, 2.5);
    const { turns, stt } = talk.hangUp();
    assert.equal(turns[0]?.speechStartedUs, talk.us(0.5));
    assert.equal(turns[0]?.speechEndedUs, talk.us(1.5));
    assert.equal(turns[0]?.committedUs, talk.us(2.5));
    assert.equal(stt[0]?.firstByteUs, talk.us(1));
    assert.deepEqual(audioSeconds(stt), [4]);
  });

  it('go on after they only seemed to end, with all their words once', () => {
    const talk = new Talk();
    talk.audio(0, 4);
    talk.say({ type: 'turn.start' }, 0.5);
    talk.say({ type: 'turn.eager_end', transcript: 'one' }, 1.5);
    talk.say({ type: 'turn.resume' }, 1.7);
    talk.say({ type: 'turn.update', transcript: 'one two' }, 2);
    talk.say({ type: 'turn.end', transcript: 'one two' }, 3);
    assert.equal(talk.call.turn?.userText, 'one two');
    const { turns } = talk.hangUp();
    assert.equal(turns.length, 1);
    assert.equal(turns[0]?.speechEndedUs, talk.us(3));
  });

  it('are none when nothing was understood', () => {
    const talk = new Talk();
    talk.audio(0, 4);
    talk.say({ type: 'turn.start' }, 0.5);
    talk.say({ type: 'turn.end', transcript: '' }, 1.5);
    assert.deepEqual(talk.hangUp().turns, []);
  });
});

describe('transcripts that Cartesia is asked for', () => {
  it('are one utterance until all that was asked for is there', () => {
    const talk = new Talk();
    talk.audio(0, 4);
    talk.transcript('Good', [{ word: 'Good', start: 1, end: 1.2 }], 1.5);
    talk.transcript(' night', [{ word: 'night', start: 1.3, end: 1.8 }], 2);
    talk.connection.commanded('finalize');
    talk.transcript('.', [], 2.4);
    assert.equal(talk.call.turn?.userText, undefined);
    talk.say({ type: 'flush_done' }, 2.5);
    assert.equal(talk.call.turn?.userText, 'Good night.');
    const { turns } = talk.hangUp();
    assert.equal(turns[0]?.speechStartedUs, talk.us(1));
    assert.equal(turns[0]?.speechEndedUs, talk.us(1.8));
    assert.equal(turns[0]?.committedUs, talk.us(2.5));
  });

  it('have their words one by one, or in lists', () => {
    const talk = new Talk();
    talk.audio(0, 4);
    talk.transcript('one two', [{ words: ['one', 'two'], start: [1, 1.5], end: [1.4, 1.9] }], 2);
    talk.say({ type: 'flush_done' }, 2.5);
    const [turn] = talk.hangUp().turns;
    assert.equal(turn?.speechStartedUs, talk.us(1));
    assert.equal(turn?.speechEndedUs, talk.us(1.9));
  });

  it('of a model that finishes by itself are finished by a final one, unless more was asked for', () => {
    const talk = new Talk({ model: 'ink-whisper' });
    talk.audio(0, 6);
    talk.transcript('one', [{ word: 'one', start: 1, end: 1.4 }], 2);
    assert.equal(talk.call.turn?.userText, 'one');
    talk.connection.commanded('finalize');
    talk.transcript(' two', [{ word: 'two', start: 3, end: 3.4 }], 4);
    assert.equal(talk.call.turn?.userText, 'one');
    talk.say({ type: 'flush_done' }, 4.1);
    assert.equal(talk.call.turn?.userText, 'one two');
    talk.hangUp();
  });

  it('are complete with `done`, before the connection is closed', () => {
    const talk = new Talk();
    talk.audio(0, 3);
    talk.transcript('one', [{ word: 'one', start: 1, end: 1.4 }], 2);
    talk.say({ type: 'done' }, 3);
    const { turns, stt } = talk.end();
    assert.equal(turns[0]?.committedUs, talk.us(3));
    assert.deepEqual(audioSeconds(stt), [3]);
  });
});

describe('a socket of Cartesia’s transcription', () => {
  it('counts from zero on the next connection, with what was kept for it', () => {
    const talk = new Talk();
    talk.audio(0, 2);
    talk.connection.lost();
    talk.audio(3, 4);
    // Another attempt: what is kept stays kept.
    talk.connection.lost();
    talk.connection.opened();
    talk.audio(4, 6);
    talk.transcript('one', [{ word: 'one', start: 1.5, end: 1.9 }], 5);
    talk.say({ type: 'flush_done' }, 5.5);
    const { turns, stt } = talk.hangUp();
    assert.equal(turns[0]?.speechEndedUs, talk.us(4.9));
    assert.deepEqual(audioSeconds(stt), [2, 3]);
  });

  it('does not count what was kept and never sent', () => {
    const talk = new Talk();
    talk.audio(0, 2);
    talk.connection.lost();
    talk.audio(3, 4);
    const { stt } = talk.hangUp(1006);
    assert.deepEqual(
      stt.map(({ errorType, usage }) => [errorType, usage?.audioSeconds]),
      [
        [undefined, 2],
        ['connection_closed', undefined],
      ],
    );
  });

  it('fails by the last error of the service, if that ended it', () => {
    const error = { type: 'error', error_code: 'quota_exceeded', status_code: 402 };
    const talk = new Talk();
    talk.say(error, 1);
    assert.deepEqual(
      talk.hangUp(1008).stt.map(({ errorType }) => errorType),
      ['quota_exceeded'],
    );
    const other = new Talk();
    other.say(error, 1);
    other.say({ type: 'turn.start' }, 2);
    assert.deepEqual(other.hangUp().stt, []);
  });

  it('survives messages that make no sense', () => {
    const talk = new Talk();
    for (const message of [
      undefined,
      null,
      7,
      [],
      {},
      { type: 'transcript' },
      { type: 'turn.end' },
      { type: 'error' },
    ])
      talk.connection.message(message, talk.at(1));
    talk.transcript('x', [null, { start: 'soon', end: [] }], 1);
    talk.connection.commanded({ type: 'close' });
    assert.equal(talk.hangUp().turns.length, 1);
  });
});
