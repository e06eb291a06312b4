import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import fc from 'fast-check';
import type { CallFact, StageFact, TurnFact } from '../../../exporter/facts.ts';
import { Call } from '../../../instrumentation/call.ts';
import { nowMs } from '../../../instrumentation/clock.ts';
import { activeScope, CallScope, withScope } from '../../../instrumentation/scope.ts';
import { ListenConnection } from '../../../instrumentation/sdks/deepgram-listen.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';

before(recordSpans);

const ARGS = { model: 'nova-3', encoding: 'mulaw', sample_rate: 8000 };
const FRAME = new Uint8Array(160);
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
    for (let i = 1; i <= frames; i++) this.connection.sent(FRAME, this.at(from) + i * 20);
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
      turns: facts.filter((fact): fact is TurnFact => fact.type === 'turn'),
      stt: facts.filter((fact): fact is StageFact => fact.type === 'stage' && fact.stage === 'stt'),
    };
  }
}

const FINAL = { is_final: true };
const ENDED = { is_final: true, speech_final: true };
const us = (ms: number): number => Math.round(ms * 1_000);
const seconds = (stt: readonly StageFact[]): (number | undefined)[] =>
  stt.map(({ usage }) => usage?.audioSeconds);

describe('a live transcription', () => {
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

  it('ends an utterance that the application asked to be finalised', () => {
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

  it('makes no turn of a cough', () => {
    const talk = new Conversation();
    talk.audio(0, 2);
    talk.say({ type: 'SpeechStarted', timestamp: 0.5 }, 0.7);
    talk.results([], 1.2, ENDED);
    const { turns, stt } = talk.end();
    assert.deepEqual(turns, []);
    assert.deepEqual(seconds(stt), [2]);
  });

  it('accounts every second that was sent once: utterances first, the rest when it closes', () => {
    const talk = new Conversation();
    talk.audio(0, 1.9);
    talk.results([['one', 1, 1.4]], 1.9, ENDED);
    talk.audio(1.9, 4.1);
    talk.results([['two', 3, 3.4]], 4.1, ENDED);
    talk.audio(4.1, 5);
    const { stt } = talk.end();
    assert.deepEqual(seconds(stt), [1.9, 2.2, 0.9]);
    assert.deepEqual(
      stt.map(({ turnIndex, cancelled }) => [turnIndex, cancelled]),
      [
        [0, undefined],
        [0, undefined],
        [undefined, undefined],
      ],
    );
  });

  it("takes the provider's own duration when it comes", () => {
    const talk = new Conversation();
    talk.audio(0, 2);
    talk.results([['one', 1, 1.4]], 2, ENDED);
    talk.say({ type: 'Metadata', duration: 2.5 }, 3);
    assert.deepEqual(seconds(talk.end().stt), [2, 0.5]);
  });

  it('cancels an utterance that the end of the connection cuts off, with what was understood', () => {
    const talk = new Conversation();
    talk.audio(0, 2);
    talk.results([['one', 1, 1.4]], 1.5, FINAL);
    talk.results([['two', 1.5, 1.8]], 2);
    talk.connection.closed({ final: true });
    assert.equal(talk.call.turn?.userText, 'one two');
    const { stt } = talk.end();
    assert.equal(stt[0]?.cancelled, true);
    assert.deepEqual(seconds(stt), [2]);
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

/** What can happen on a connection; positions are seconds. */
const position = fc.integer({ min: 0, max: 600 }).map((tenths) => tenths / 10);
const happening = fc.oneof(
  fc.record({ kind: fc.constant('audio' as const), frames: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ kind: fc.constant('started' as const), timestamp: position }),
  fc.record({
    kind: fc.constant('results' as const),
    text: fc.constantFrom('', 'yes', 'no thanks'),
    start: position,
    is_final: fc.boolean(),
    speech_final: fc.boolean(),
    from_finalize: fc.boolean(),
  }),
  fc.record({ kind: fc.constantFrom('utterance_end' as const, 'reconnect' as const) }),
);

describe('whatever happens on a connection', () => {
  it('every second that was sent is accounted once', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 40 }), (happenings) => {
        const talk = new Conversation();
        let frames = 0;
        for (const [i, event] of happenings.entries()) {
          const now = i * 5;
          if (event.kind === 'audio') {
            talk.audio(now, now + event.frames / 50);
            frames += event.frames;
          } else if (event.kind === 'started')
            talk.say({ type: 'SpeechStarted', timestamp: event.timestamp }, now);
          else if (event.kind === 'results') {
            const { text, start, kind: _, ...flags } = event;
            talk.results(text === '' ? [] : [[text, start, start + 0.5]], now, flags);
          } else if (event.kind === 'utterance_end') talk.say({ type: 'UtteranceEnd' }, now);
          else {
            talk.connection.closed({ final: false });
            talk.connection.opened();
          }
        }
        const total = talk.end().stt.reduce((sum, { usage }) => sum + (usage?.audioSeconds ?? 0) * 1e6, 0);
        assert.equal(Math.round(total), frames * 20_000);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the call of a live transcription', () => {
  it('is its own when it stands alone', () => {
    takeFacts();
    const connection = new ListenConnection(ARGS, ROOT_CONTEXT);
    connection.opened();
    const call = activeScope(connection.context)?.call;
    assert.ok(call);
    assert.equal(connection.context, call.context);
    connection.closed({ final: true });
    assert.equal(call.ended, true);
  });

  it('waits for the transport to say which it is', () => {
    const scope = new CallScope();
    const connection = new ListenConnection(ARGS, withScope(ROOT_CONTEXT, scope));
    connection.opened();
    assert.equal(scope.call, undefined);
    const call = new Call({ id: 'CA1' }, scope);
    connection.sent(FRAME, nowMs());
    assert.equal(scope.call, call);
    assert.equal(connection.context, call.context);
    connection.closed({ final: true });
    assert.equal(call.ended, false);
    call.end();
  });

  it('is opened with the first audio when the transport never says, and shared with what is around it', () => {
    const scope = new CallScope();
    const connection = new ListenConnection(ARGS, withScope(ROOT_CONTEXT, scope));
    connection.opened();
    connection.sent(FRAME, nowMs());
    assert.ok(scope.call);
    connection.closed({ final: true });
    assert.equal(scope.call.ended, true);
  });

  it('is a new one when the one around it is over', () => {
    const scope = new CallScope();
    const before = new Call({}, scope);
    before.end();
    const connection = new ListenConnection(ARGS, before.context);
    connection.opened();
    assert.notEqual(activeScope(connection.context)?.call, before);
    connection.closed({ final: true });
  });

  it('outlives a connection that breaks and comes back', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    takeFacts();
    const connection = new ListenConnection(ARGS, ROOT_CONTEXT);
    connection.opened();
    const call = activeScope(connection.context)?.call;
    connection.closed({ final: false });
    t.mock.timers.tick(29_000);
    connection.opened();
    t.mock.timers.tick(60_000);
    assert.equal(call?.ended, false);
    connection.closed({ final: false });
    t.mock.timers.tick(30_000);
    assert.equal(call.ended, true);
    const fact = takeFacts().find((fact): fact is CallFact => fact.type === 'call');
    assert.equal(fact?.endReason, 'connection_lost');
  });
});
