import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { Call } from '../../../instrumentation/call/call.ts';
import { nowMs } from '../../../instrumentation/call/clock.ts';
import { ListenConnection } from '../../../instrumentation/sdks/deepgram/listen/listen.ts';
import type { StageFact, TurnFact } from '../../../model/facts.ts';
import { stagesOf, turnsOf } from '../../support/facts.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';

before(recordSpans);

const ARGS = { model: 'nova-3', encoding: 'mulaw', sample_rate: 8000 };
type Word = readonly [text: string, start: number, end: number];

/** A connection inside a call, with audio sent in real time from `startMs` on. */
class Conversation {
  readonly call = new Call();
  readonly startMs = nowMs() - 60_000;
  readonly connection: ListenConnection;

  constructor(args: object = ARGS) {
    takeFacts();
    this.connection = new ListenConnection({ ...args }, this.call.context);
    this.connection.opened();
  }

  /** Sends `seconds` of audio in frames of 20 ms; the last one is sent at `until`. */
  audio(from: number, until: number): void {
    const frames = Math.round((until - from) * 50);
    for (let i = 1; i <= frames; i++) this.connection.sent(160, this.at(from) + i * 20);
  }

  /** The instant of a position in the audio. */
  at(seconds: number): number {
    return this.startMs + seconds * 1_000;
  }

  say(message: object, arrives: number): void {
    this.connection.message(JSON.stringify(message), this.at(arrives));
  }

  results(words: readonly Word[], arrives: number, flags: object = {}): void {
    const transcript = words.map(([word]) => word).join(' ');
    const heard = words.map(([word, start, end]) => ({ word, start, end }));
    this.say(
      { type: 'Results', start: 0, channel: { alternatives: [{ transcript, words: heard }] }, ...flags },
      arrives,
    );
  }

  end(): { turns: TurnFact[]; stt: StageFact[] } {
    this.connection.closed({ final: true });
    this.call.end();
    const facts = takeFacts();
    return {
      turns: turnsOf(facts),
      stt: stagesOf(facts, 'stt'),
    };
  }
}

const FINAL = { is_final: true };
const ENDED = { is_final: true, speech_final: true };
const us = (ms: number): number => Math.round(ms * 1_000);
const seconds = (stt: readonly StageFact[]): (number | undefined)[] =>
  stt.map(({ usage }) => usage?.audioSeconds);

describe('a connection to live listen v1', () => {
  it('takes the first word for the start when no SpeechStarted came', () => {
    const talk = new Conversation();
    talk.audio(0, 3);
    talk.results([['hello', 1, 1.4]], 1.6);
    talk.results([['hello', 1, 1.4]], 2, ENDED);
    const { turns, stt } = talk.end();
    assert.equal(turns[0]?.speechStartedUs, us(talk.at(1)));
    assert.equal(turns[0]?.speechEndedUs, us(talk.at(1.4)));
    assert.equal(turns[0]?.committedUs, us(talk.at(2)));
    assert.equal(stt[0]?.startUs, us(talk.at(1)));
    assert.equal(stt[0]?.firstByteUs, us(talk.at(1.6)));
    assert.equal(stt[0]?.endUs, us(talk.at(2)));
  });

  it('joins the segments of an utterance, and ends it with UtteranceEnd when nothing else does', () => {
    const talk = new Conversation();
    talk.audio(0, 5);
    talk.results([['one', 1, 1.4]], 2, FINAL);
    talk.results([['two', 2.1, 2.6]], 3, FINAL);
    talk.say({ type: 'UtteranceEnd', last_word_end: 2.6 }, 4);
    talk.say({ type: 'UtteranceEnd', last_word_end: 2.6 }, 4.5);
    assert.equal(talk.call.turn?.userText, 'one two');
    const { turns, stt } = talk.end();
    assert.equal(turns.length, 1);
    assert.equal(turns[0]?.speechEndedUs, us(talk.at(2.6)));
    assert.equal(turns[0]?.committedUs, us(talk.at(4)));
    assert.equal(stt[0]?.endUs, us(talk.at(3)));
  });

  it('has every pause between the words of an utterance, in segments and between them, and none that is shorter than 0.1 s', () => {
    const talk = new Conversation();
    talk.audio(0, 8);
    talk.results(
      [
        ['one', 1, 1.4],
        ['two', 1.45, 1.8],
        ['three', 2.05, 2.4],
      ],
      2.6,
      FINAL,
    );
    talk.results([['four', 2.9, 3.1]], 3.5, ENDED);
    talk.results([['five', 5, 5.4]], 6, ENDED);
    assert.deepEqual(
      talk
        .end()
        .stt.slice(0, 2)
        .map(({ pauses }) => pauses),
      [[250_000, 500_000], []],
    );
  });

  it('ends an utterance that the application asked to be finalized', () => {
    const talk = new Conversation();
    talk.audio(0, 2);
    talk.results([['now', 1, 1.4]], 1.6, { is_final: true, from_finalize: true });
    assert.equal(talk.end().turns[0]?.committedUs, us(talk.at(1.6)));
  });

  it('ends an utterance with each final segment when endpointing is off', () => {
    const talk = new Conversation({ ...ARGS, endpointing: 'false' });
    talk.audio(0, 2);
    talk.results([['now', 1, 1.4]], 1.6, FINAL);
    assert.equal(talk.end().turns[0]?.committedUs, us(talk.at(1.6)));
  });

  it("takes the provider's own duration when it comes", () => {
    const talk = new Conversation();
    talk.audio(0, 2);
    talk.results([['one', 1, 1.4]], 2, ENDED);
    talk.say({ type: 'Metadata', duration: 2.5 }, 3);
    assert.deepEqual(seconds(talk.end().stt), [2, 0.5]);
  });

  it('goes by arrival and gives no seconds when the audio has a container', () => {
    const talk = new Conversation({ model: 'nova-3' });
    talk.audio(0, 2);
    talk.results([['one', 1, 1.4]], 1.5);
    talk.results([['one', 1, 1.4]], 2, ENDED);
    const { turns, stt } = talk.end();
    assert.equal(turns[0]?.eouSource, 'stt_event');
    assert.equal(turns[0]?.speechEndedUs, us(talk.at(2)));
    assert.deepEqual(seconds(stt), [undefined]);
  });

  it('counts the audio that its results are about when the audio has a container and no Metadata comes', () => {
    const talk = new Conversation({ model: 'nova-3' });
    talk.audio(0, 5);
    talk.results([['one', 1, 1.4]], 1.5, { start: 0, duration: 1.5 });
    talk.results([['one', 1, 1.4]], 2, { ...ENDED, start: 0, duration: 2 });
    talk.results([], 5, { ...FINAL, start: 2, duration: 2.75 });
    talk.results([], 5.1, { start: 2, duration: 1 });
    assert.deepEqual(seconds(talk.end().stt), [2, 2.75]);
  });

  it('takes Metadata for what is billed, whatever its results were about', () => {
    const talk = new Conversation({ model: 'nova-3' });
    talk.results([['one', 1, 1.4]], 2, { ...ENDED, start: 0, duration: 2 });
    talk.say({ type: 'Metadata', duration: 2.5 }, 3);
    assert.deepEqual(seconds(talk.end().stt), [2, 0.5]);
  });

  it('names nova-3 in several languages as the price list does', () => {
    const talk = new Conversation({ ...ARGS, language: 'multi' });
    talk.audio(0, 1);
    assert.equal(talk.end().stt[0]?.model, 'nova-3-multilingual');
  });

  it('survives messages that make no sense', () => {
    const talk = new Conversation();
    for (const message of [
      '',
      'null',
      '{',
      '[]',
      '{"type":"Results"}',
      '{"type":"SpeechStarted","timestamp":"x"}',
    ])
      talk.connection.message(message, talk.at(1));
    talk.connection.message(new ArrayBuffer(4), talk.at(1));
    talk.say(
      { type: 'Results', is_final: true, channel: { alternatives: [{ transcript: 'x', words: [{}] }] } },
      1,
    );
    assert.equal(talk.end().turns.length, 1);
  });
});
