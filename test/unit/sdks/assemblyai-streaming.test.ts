import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { StreamingSession } from '../../../instrumentation/sdks/assemblyai/streaming.ts';
import { recordSpans } from '../../support/spans.ts';
import {
  audioSeconds,
  type ConversationFacts,
  LiveConversation,
} from '../../support/stories/live-conversation.ts';

before(recordSpans);

const PARAMS = { speechModel: 'universal-streaming-english', sampleRate: 8_000, encoding: 'pcm_mulaw' };
type Word = readonly [text: string, start: number, end: number];

class Talk extends LiveConversation<StreamingSession> {
  constructor(params: object = PARAMS) {
    super(({ context }) => new StreamingSession({ ...params }, context));
  }

  say(message: object, arrives: number): void {
    this.connection.message(Buffer.from(JSON.stringify(message)), this.at(arrives));
  }

  /** A `Turn`; positions of words in seconds. */
  turn(order: number, words: readonly Word[], arrives: number, flags: object = {}): void {
    this.say(
      {
        type: 'Turn',
        turn_order: order,
        transcript: '',
        words: words.map(([text, start, end]) => ({ text, start: start * 1_000, end: end * 1_000 })),
        ...flags,
      },
      arrives,
    );
  }

  hangUp(code = 1000): ConversationFacts {
    this.connection.closed(code);
    return this.end();
  }
}

const ENDED = { end_of_turn: true, transcript: 'one two' };
const ONE: Word = ['one', 1, 1.4];
const TWO: Word = ['two', 1.5, 1.9];

describe('a session of AssemblyAI’s streaming', () => {
  it('gives a turn with the positions of its words', () => {
    const talk = new Talk();
    talk.say({ type: 'Begin' }, 0);
    talk.audio(0, 3);
    talk.say({ type: 'SpeechStarted', timestamp: 960 }, 1.2);
    talk.turn(0, [ONE], 1.5);
    talk.turn(0, [ONE, TWO], 2.5, ENDED);
    assert.equal(talk.call.turn?.userText, 'one two');
    const { turns, stt } = talk.hangUp();
    assert.equal(turns[0]?.speechStartedUs, talk.us(0.96));
    assert.equal(turns[0]?.speechEndedUs, talk.us(1.9));
    assert.equal(turns[0]?.committedUs, talk.us(2.5));
    assert.equal(stt[0]?.firstByteUs, talk.us(1.5));
    assert.deepEqual(stt[0]?.pauses, [100_000], 'between its words');
    assert.deepEqual(audioSeconds(stt), [3]);
  });

  it('counts a turn once, however often its end comes, and the next one too', () => {
    const talk = new Talk();
    talk.audio(0, 5);
    talk.turn(0, [ONE, TWO], 2.5, ENDED);
    talk.turn(0, [ONE, TWO], 2.6, { ...ENDED, transcript: 'One, two.', turn_is_formatted: true });
    talk.turn(1, [['three', 3, 3.4]], 4, { ...ENDED, transcript: 'three' });
    assert.equal(talk.call.turn?.userText, 'one two three');
    talk.hangUp();
  });

  it('takes a turn whose end comes formatted only', () => {
    const talk = new Talk();
    talk.audio(0, 3);
    talk.turn(0, [ONE, TWO], 2.5, { ...ENDED, transcript: 'One, two.', turn_is_formatted: true });
    assert.equal(talk.call.turn?.userText, 'One, two.');
    talk.hangUp();
  });

  it('makes no turn of one in which nothing was understood', () => {
    const talk = new Talk();
    talk.audio(0, 3);
    talk.turn(0, [], 2.5, { ...ENDED, transcript: '' });
    assert.deepEqual(talk.hangUp().turns, []);
  });

  it('keeps the words that were not final when the session breaks', () => {
    const talk = new Talk();
    talk.audio(0, 3);
    talk.turn(0, [ONE, TWO], 2.5, { transcript: 'one' });
    talk.connection.closed(1006);
    assert.equal(talk.call.turn?.userText, 'one two');
    assert.deepEqual(
      talk.end().stt.map(({ cancelled, errorType }) => [cancelled, errorType]),
      [
        [true, undefined],
        [undefined, 'connection_closed'],
      ],
    );
  });

  it('is billed by the time that it was open, and that is known before it is closed', () => {
    const talk = new Talk();
    talk.say({ type: 'Begin' }, 0);
    talk.audio(0, 3);
    talk.say({ type: 'Termination', audio_duration_seconds: 3, session_duration_seconds: 7.5 }, 7.5);
    assert.deepEqual(audioSeconds(talk.end().stt), [7.5]);
  });

  it('counts what was sent before it was said to begin', () => {
    const talk = new Talk();
    talk.audio(0, 1);
    talk.say({ type: 'Begin' }, 1);
    talk.audio(1, 2);
    assert.deepEqual(audioSeconds(talk.hangUp().stt), [2]);
  });

  it('is taken for 16-bit audio when nothing says how it is encoded', () => {
    const talk = new Talk({ sampleRate: 8_000 });
    talk.audio(0, 3);
    const { stt } = talk.hangUp();
    assert.deepEqual(audioSeconds(stt), [1.5]);
    assert.equal(stt[0]?.model, undefined);
  });

  it('goes by arrival and gives no seconds when the audio is compressed', () => {
    const talk = new Talk({ ...PARAMS, encoding: 'opus' });
    talk.audio(0, 3);
    talk.turn(0, [ONE, TWO], 2.5, ENDED);
    const { turns, stt } = talk.hangUp();
    assert.equal(turns[0]?.speechEndedUs, talk.us(2.5));
    assert.equal(turns[0]?.eouSource, 'stt_event');
    assert.deepEqual(audioSeconds(stt), [undefined]);
  });

  for (const [message, code, expected] of [
    [{ type: 'Error', error_code: 3006, error: 'Input validation error' }, 3006, '3006'],
    [{ error: 'Something' }, 1011, 'error'],
    [undefined, 4031, '4031'],
    [undefined, 1011, 'connection_closed'],
    [undefined, 1005, undefined],
  ] as const)
    it(`that closes with ${code} after ${JSON.stringify(message)} fails by ${expected}`, () => {
      const talk = new Talk();
      talk.audio(0, 1);
      if (message) talk.say(message, 1);
      assert.deepEqual(
        talk.hangUp(code).stt.map(({ errorType }) => errorType),
        [expected],
      );
    });

  for (const [error, expected] of [
    [Object.assign(new Error('Not Authorized'), { code: 4001 }), '4001'],
    [new Error('Unexpected server response: 503'), '503'],
    [new RangeError('who said what'), 'RangeError'],
  ] as const)
    it(`that is refused with ${error.message} fails by ${expected}, once`, () => {
      const talk = new Talk();
      talk.connection.refused(error);
      talk.connection.closed(1006);
      assert.deepEqual(
        talk.end().stt.map(({ errorType }) => errorType),
        [expected],
      );
    });

  it('survives messages that make no sense', () => {
    const talk = new Talk();
    for (const message of [
      '',
      'null',
      '{',
      '[]',
      '7',
      '{"type":"Turn","words":[{},null,7]}',
      '{"type":"SpeechStarted"}',
    ])
      talk.connection.message(message, talk.at(1));
    talk.connection.message(undefined, talk.at(1));
    talk.turn(0, [], 1, { transcript: 'x', words: 'none', turn_order: 'first', end_of_turn: true });
    assert.equal(talk.hangUp().turns.length, 1);
  });
});
