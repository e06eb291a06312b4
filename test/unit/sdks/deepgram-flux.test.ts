import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { FluxConnection } from '../../../instrumentation/sdks/deepgram/listen/flux.ts';
import { recordSpans } from '../../support/spans.ts';
import { type ConversationFacts, LiveConversation } from '../../support/stories/live-conversation.ts';

before(recordSpans);

const ARGS = { model: 'flux-general-en', encoding: 'mulaw', sample_rate: 8000 };
type Word = readonly [word: string, start?: number, end?: number];

class Conversation extends LiveConversation<FluxConnection> {
  constructor(args: object = ARGS) {
    super((call) => new FluxConnection({ ...args }, call.context));
    this.connection.opened();
  }

  /** `arrives` seconds after the start; the audio was looked at up to `windowEnd`. */
  tell(event: string, words: readonly Word[], windowEnd: number, arrives = windowEnd + 0.1): void {
    const message = {
      type: 'TurnInfo',
      event,
      turn_index: 0,
      audio_window_start: 0,
      audio_window_end: windowEnd,
      transcript: words.map(([word]) => word).join(' '),
      words: words.map(([word, start, end]) => ({ word, confidence: 1, start, end })),
    };
    this.connection.message(JSON.stringify(message), this.at(arrives));
  }

  override end(): ConversationFacts {
    this.connection.closed({ final: true });
    return super.end();
  }
}

describe('a Flux connection', () => {
  it('takes the last word for the end of speech, and the message for the end of the turn', () => {
    const talk = new Conversation();
    talk.audio(0, 3);
    talk.tell('StartOfTurn', [['hello', 1, 1.2]], 1.3);
    talk.tell(
      'Update',
      [
        ['hello', 1, 1.2],
        ['there', 1.3, 1.7],
      ],
      1.75,
    );
    talk.tell(
      'Update',
      [
        ['hello', 1, 1.2],
        ['there', 1.3, 1.7],
      ],
      2,
    );
    talk.tell(
      'EndOfTurn',
      [
        ['Hello', 1, 1.2],
        ['there.', 1.3, 1.7],
      ],
      2.5,
    );
    assert.equal(talk.call.turn?.userText, 'Hello there.');
    const { turns, stt } = talk.end();
    assert.equal(turns.length, 1);
    assert.equal(turns[0]?.speechStartedUs, talk.us(1));
    assert.equal(turns[0]?.speechEndedUs, talk.us(1.7));
    assert.equal(turns[0]?.eouSource, 'stt_word_end');
    assert.equal(turns[0]?.committedUs, talk.us(2.6));
    assert.equal(stt[0]?.firstByteUs, talk.us(1.4));
    assert.equal(stt[0]?.endUs, talk.us(2.6));
  });

  it('takes the audio in which the last word was understood, where words have no times', () => {
    const talk = new Conversation();
    talk.audio(0, 3);
    talk.tell('StartOfTurn', [['hello']], 1.3);
    talk.tell('Update', [['hello'], ['there']], 1.75);
    talk.tell('Update', [['Hello'], ['there.']], 2);
    talk.tell('EndOfTurn', [['Hello'], ['there.']], 2.5);
    const { turns } = talk.end();
    assert.equal(turns[0]?.speechStartedUs, talk.us(1.3));
    assert.equal(turns[0]?.speechEndedUs, talk.us(1.75));
    assert.equal(turns[0]?.eouSource, 'stt_event');
  });

  it('goes by arrival when the audio has a container, and counts what was looked at', () => {
    const talk = new Conversation({ model: 'flux-general-en' });
    talk.audio(0, 3);
    talk.tell('StartOfTurn', [['hello', 1, 1.2]], 1.3);
    talk.tell('EndOfTurn', [['hello', 1, 1.2]], 2);
    const { turns, stt } = talk.end();
    assert.equal(turns[0]?.speechEndedUs, talk.us(2.1));
    assert.equal(turns[0]?.eouSource, 'stt_event');
    assert.deepEqual(stt[0]?.usage, { audioSeconds: 2 });
  });

  it('has an end of speech as soon as the turn seems to be over, and drops it when the user goes on', () => {
    const talk = new Conversation();
    talk.audio(0, 6);
    talk.tell('StartOfTurn', [['one', 1, 1.4]], 1.5);
    talk.tell('EagerEndOfTurn', [['one', 1, 1.4]], 2);
    const { tracker } = talk.call;
    const early = tracker.startStage('llm', {}, talk.at(2.1));
    talk.tell(
      'TurnResumed',
      [
        ['one', 1, 1.4],
        ['two', 2.3, 2.6],
      ],
      2.7,
    );
    early.cancel({ at: talk.at(2.8) });
    talk.tell(
      'EagerEndOfTurn',
      [
        ['one', 1, 1.4],
        ['two', 2.3, 2.6],
      ],
      3,
    );
    // Spoken before the turn is over: what it answers had an end.
    const speech = tracker.startStage('tts', {}, talk.at(3.1));
    speech.firstByte(talk.at(3.2));
    talk.tell(
      'EndOfTurn',
      [
        ['one', 1, 1.4],
        ['two', 2.3, 2.6],
      ],
      3.5,
    );
    speech.end({ at: talk.at(3.7) });
    const { turns, stt } = talk.end();
    assert.equal(turns.length, 1);
    assert.equal(turns[0]?.speechEndedUs, talk.us(2.6));
    assert.equal(stt.filter(({ turnIndex }) => turnIndex === 0).length, 1);
  });

  it('makes no turn of an end without words, and keeps the words that the connection cuts off', () => {
    const silent = new Conversation();
    silent.audio(0, 2);
    silent.tell('Update', [], 1);
    silent.tell('EndOfTurn', [], 2);
    assert.deepEqual(silent.end().turns, []);

    const talk = new Conversation();
    talk.audio(0, 2);
    talk.tell('StartOfTurn', [['hello', 1, 1.2]], 1.3);
    talk.connection.closed({ final: true });
    assert.equal(talk.call.turn?.userText, 'hello');
    const { turns, stt } = talk.end();
    assert.equal(turns[0]?.speechEndedUs, talk.us(1.3));
    assert.equal(stt[0]?.cancelled, true);
    assert.deepEqual(stt[0]?.usage, { audioSeconds: 2 });
  });

  it('understands events that are not known yet, and survives messages that make no sense', () => {
    const talk = new Conversation();
    talk.audio(0, 2);
    talk.tell('SomethingNew', [['hello', 1, 1.2]], 1.3);
    for (const message of [
      '',
      '{',
      'null',
      '[]',
      '{"type":"TurnInfo"}',
      '{"type":"TurnInfo","words":[{}, null]}',
    ])
      talk.connection.message(message, talk.at(1.4));
    talk.connection.message(new ArrayBuffer(4), talk.at(1.4));
    assert.equal(talk.end().turns.length, 1);
  });

  it('accounts every second that was sent once, whatever happens', () => {
    const happening = fc.oneof(
      fc.record({ kind: fc.constant('audio' as const), frames: fc.integer({ min: 1, max: 200 }) }),
      fc.record({
        kind: fc.constant('turn' as const),
        event: fc.constantFrom('StartOfTurn', 'Update', 'EagerEndOfTurn', 'TurnResumed', 'EndOfTurn', 'New'),
        words: fc.integer({ min: 0, max: 3 }),
        timed: fc.boolean(),
      }),
      fc.record({ kind: fc.constant('reconnect' as const) }),
    );
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 40 }), (happenings) => {
        const talk = new Conversation();
        let frames = 0;
        for (const [i, event] of happenings.entries()) {
          const now = i * 5;
          if (event.kind === 'audio') {
            talk.audio(now, now + event.frames / 50);
            frames += event.frames;
          } else if (event.kind === 'turn') {
            const words = Array.from(
              { length: event.words },
              (_, n): Word => (event.timed ? ['word', now + n, now + n + 0.5] : ['word']),
            );
            talk.tell(event.event, words, now);
          } else {
            talk.connection.closed({ final: false });
            talk.connection.opened();
          }
        }
        const total = talk.end().stt.reduce((sum, { usage }) => sum + (usage?.audioSeconds ?? 0) * 1e6, 0);
        assert.equal(Math.round(total), frames * 20_000);
      }),
      { numRuns: 100 },
    );
  });
});
