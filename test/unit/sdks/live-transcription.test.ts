import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { LiveTranscription } from '../../../instrumentation/sdks/kit/live/live-transcription.ts';
import { recordSpans } from '../../support/spans.ts';
import { audioSeconds, LiveConversation } from '../../support/stories/live-conversation.ts';
import { Talk } from '../../support/stories/transcription.ts';

before(recordSpans);

describe('a live transcription', () => {
  it('keeps what a user was saying who hung up, though the call ended before the connection', () => {
    const talk = new Talk();
    talk.audio(0, 3);
    talk.hear('hello', [1, 1.4], 1.6);
    talk.call.end();
    talk.connection.closed({ final: true });
    const { stt } = talk.end();
    assert.equal(stt[0]?.startUs, talk.us(1));
    assert.equal(stt[0]?.firstByteUs, talk.us(1.6));
    assert.equal(stt[0]?.cancelled, true);
    assert.deepEqual(audioSeconds(stt), [3]);
  });

  it('takes the first word for the start when no one said that speech has begun', () => {
    const talk = new Talk();
    talk.audio(0, 3);
    talk.hear('hello', [1, 1.4], 1.6);
    talk.finish('hello', [1, 1.4], 2);
    const { turns, stt } = talk.hangUp();
    assert.equal(turns[0]?.speechStartedUs, talk.us(1));
    assert.equal(turns[0]?.speechEndedUs, talk.us(1.4));
    assert.equal(turns[0]?.eouSource, 'stt_word_end');
    assert.equal(turns[0]?.committedUs, talk.us(2));
    assert.equal(stt[0]?.startUs, talk.us(1));
    assert.equal(stt[0]?.firstByteUs, talk.us(1.6));
    assert.equal(stt[0]?.endUs, talk.us(2));
  });

  it('gives the turn what was understood so far of a caller who hangs up while speaking', () => {
    const talk = new Talk();
    talk.audio(0, 2);
    talk.hear('I would', [1, 1.4], 1.6);
    talk.call.end({ at: talk.at(2) });
    const { turns, stt } = talk.hangUp();
    assert.equal(turns.length, 1);
    const [said] = stt;
    assert.equal(said?.turnIndex, 0);
    assert.equal(said.cancelled, true);
    assert.equal(said.firstByteUs, talk.us(1.6));
  });

  it('hears what a telephone sends as it is spoken, though it was sent on in one burst', () => {
    const talk = new Talk();
    talk.call.tracker.liveAudio = true;
    for (let i = 1; i <= 100; i++) talk.connection.sent(160, talk.at(2));
    talk.audio(2, 4);
    talk.finish('hello', [0.5, 1.3], 2.4);
    const [turn] = talk.hangUp().turns;
    assert.equal(turn?.speechStartedUs, talk.us(0.5));
    assert.equal(turn.speechEndedUs, talk.us(1.3));
  });

  it('joins the segments of an utterance, whose end counts once', () => {
    const talk = new Talk();
    talk.audio(0, 5);
    talk.hear('one', [1, 1.4], 2, true);
    talk.hear('two', [2.1, 2.6], 3, true);
    talk.connection.utteranceEnded(talk.at(4));
    talk.connection.utteranceEnded(talk.at(4.5));
    assert.equal(talk.call.turn?.userText, 'one two');
    const { turns, stt } = talk.hangUp();
    assert.equal(turns.length, 1);
    assert.equal(turns[0]?.speechEndedUs, talk.us(2.6));
    assert.equal(turns[0]?.committedUs, talk.us(4));
    assert.equal(stt[0]?.endUs, talk.us(3));
  });

  it('joins them as they are where spaces are part of them', () => {
    const talk = new Talk({ separator: '' });
    talk.audio(0, 2);
    talk.hear(' Good', [1, 1.2], 1.3, true);
    talk.finish(' night', [1.2, 1.4], 1.5);
    assert.equal(talk.call.turn?.userText, 'Good night');
    talk.hangUp();
  });

  it('makes no turn of a cough', () => {
    const talk = new Talk();
    talk.audio(0, 2);
    talk.connection.speechStarted({ seconds: 0.5, atMs: talk.at(0.7) });
    talk.connection.utteranceEnded(talk.at(1.2));
    const { turns, stt } = talk.hangUp();
    assert.deepEqual(turns, []);
    assert.deepEqual(audioSeconds(stt), [2]);
  });

  it('goes by arrival where words have no position', () => {
    const talk = new Talk();
    talk.audio(0, 2);
    talk.connection.speechStarted({ atMs: talk.at(0.7) });
    talk.finish('one', [], 1.5);
    const [turn] = talk.hangUp().turns;
    assert.equal(turn?.speechStartedUs, talk.us(0.7));
    assert.equal(turn?.speechEndedUs, talk.us(1.5));
    assert.equal(turn?.eouSource, 'stt_event');
  });

  it('goes by the audio in which they were heard where that is all that is known', () => {
    const talk = new Talk();
    talk.audio(0, 2);
    const heard = { text: 'one', final: true, startSeconds: 0.5, heardBySeconds: 1.2, atMs: talk.at(1.5) };
    talk.connection.heard(heard);
    talk.connection.utteranceEnded(talk.at(1.5));
    const [turn] = talk.hangUp().turns;
    assert.equal(turn?.speechEndedUs, talk.us(1.2));
    assert.equal(turn?.eouSource, 'stt_event');
  });

  it('goes by arrival and gives no seconds when bytes tell no time', () => {
    const talk = new Talk({ bytesPerSecond: undefined });
    talk.audio(0, 2);
    talk.hear('one', [1, 1.4], 1.5);
    talk.finish('one', [1, 1.4], 2);
    const { turns, stt } = talk.hangUp();
    assert.equal(turns[0]?.eouSource, 'stt_event');
    assert.equal(turns[0]?.speechEndedUs, talk.us(2));
    assert.deepEqual(audioSeconds(stt), [undefined]);
  });

  it('lets the user have ended where they seemed to, when it turns out to be so', () => {
    const talk = new Talk();
    talk.audio(0, 2);
    talk.hear('one', [], 1);
    talk.connection.speechPaused({ atMs: talk.at(1.2) });
    talk.finish('one', [], 1.8);
    const [turn] = talk.hangUp().turns;
    assert.equal(turn?.speechEndedUs, talk.us(1.2));
    assert.equal(turn?.committedUs, talk.us(1.8));
  });

  it('forgets that they seemed to, when they go on', () => {
    const talk = new Talk();
    talk.audio(0, 3);
    talk.hear('one', [], 1);
    talk.connection.speechPaused({ atMs: talk.at(1.2) });
    talk.hear('one two', [], 1.6);
    talk.finish('one two', [], 2.5);
    const { turns } = talk.hangUp();
    assert.equal(turns.length, 1);
    assert.equal(turns[0]?.speechEndedUs, talk.us(2.5));
  });

  it('is not hurt by an end that only seems to be one before anything was said', () => {
    const talk = new Talk();
    talk.connection.speechPaused({ atMs: talk.at(1) });
    assert.deepEqual(talk.hangUp().turns, []);
  });
});

describe('the audio of a live transcription', () => {
  it('is accounted once: with its utterances, and the rest when the connection closes', () => {
    const talk = new Talk();
    talk.audio(0, 1.9);
    talk.finish('one', [1, 1.4], 1.9);
    talk.audio(1.9, 4.1);
    talk.finish('two', [3, 3.4], 4.1);
    talk.audio(4.1, 5);
    const { stt } = talk.hangUp();
    assert.deepEqual(audioSeconds(stt), [1.9, 2.2, 0.9]);
    assert.deepEqual(
      stt.map(({ turnIndex, cancelled }) => [turnIndex, cancelled]),
      [
        [0, undefined],
        [0, undefined],
        [undefined, undefined],
      ],
    );
  });

  it('is what the provider says it is', () => {
    const talk = new Talk();
    talk.audio(0, 2);
    talk.finish('one', [1, 1.4], 2);
    talk.connection.billed(2.5);
    assert.deepEqual(audioSeconds(talk.hangUp().stt), [2, 0.5]);
  });

  it('is what was sent, for a provider that says nothing', () => {
    const talk = new Talk();
    talk.audio(0, 2);
    talk.connection.billed(undefined);
    assert.deepEqual(audioSeconds(talk.hangUp().stt), [2]);
  });

  it('is nothing where the provider heard nothing', () => {
    const talk = new Talk();
    talk.audio(0, 2);
    talk.connection.billed(0);
    assert.deepEqual(talk.hangUp().stt, []);
  });

  it('belongs to a cancelled utterance when the end of the connection cuts it off, with what was understood', () => {
    const talk = new Talk();
    talk.audio(0, 2);
    talk.hear('one', [1, 1.4], 1.5, true);
    talk.hear('two', [1.5, 1.8], 2);
    talk.connection.closed({ final: true });
    assert.equal(talk.call.turn?.userText, 'one two');
    const { stt } = talk.end();
    assert.equal(stt[0]?.cancelled, true);
    assert.deepEqual(audioSeconds(stt), [2]);
  });

  it('is accounted once, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 40 }), (happenings) => {
        const talk = new Talk();
        let frames = 0;
        for (const [i, event] of happenings.entries()) {
          const now = i * 5;
          if (event.kind === 'audio') {
            talk.audio(now, now + event.frames / 50);
            frames += event.frames;
          } else if (event.kind === 'started')
            talk.connection.speechStarted({ seconds: event.seconds, atMs: talk.at(now) });
          else if (event.kind === 'heard')
            talk.hear(event.text, [event.seconds, event.seconds + 0.5], now, event.final);
          else if (event.kind === 'ended') talk.connection.utteranceEnded(talk.at(now));
          else if (event.kind === 'paused') talk.connection.speechPaused({ atMs: talk.at(now) });
          else if (event.kind === 'reconnect') {
            talk.connection.closed({ final: false, error: event.broken ? 'connection_closed' : undefined });
            talk.connection.opened();
          }
        }
        const total = talk.hangUp().stt.reduce((sum, { usage }) => sum + (usage?.audioSeconds ?? 0) * 1e6, 0);
        assert.equal(Math.round(total), frames * 20_000);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a connection for live transcription', () => {
  it('that breaks is a failure, with what was sent', () => {
    const talk = new Talk();
    talk.audio(0, 2);
    const { stt } = talk.hangUp('connection_closed');
    assert.deepEqual(
      stt.map(({ errorType, usage }) => [errorType, usage?.audioSeconds]),
      [['connection_closed', 2]],
    );
  });

  it('that never stood is a failure from when it was tried', () => {
    const talk = new LiveConversation(
      ({ context }) =>
        new LiveTranscription({ facts: { provider: 'acme' }, bytesPerSecond: 8_000, active: context }),
    );
    talk.connection.closed({ final: true, error: '401' });
    const [failed, ...others] = talk.end().stt;
    assert.deepEqual(others, []);
    assert.equal(failed?.errorType, '401');
    assert.equal(failed.usage, undefined);
    assert.ok(failed.startUs >= talk.call.startUs && failed.startUs <= failed.endUs);
  });

  it('that closes in good order says nothing more', () => {
    assert.deepEqual(new Talk().hangUp().stt, []);
  });
});

/** What can happen on a connection; positions are seconds. */
const position = fc.integer({ min: 0, max: 600 }).map((tenths) => tenths / 10);
const happening = fc.oneof(
  fc.record({ kind: fc.constant('audio' as const), frames: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ kind: fc.constant('started' as const), seconds: fc.option(position, { nil: undefined }) }),
  fc.record({
    kind: fc.constant('heard' as const),
    text: fc.constantFrom('yes', 'no thanks'),
    seconds: position,
    final: fc.boolean(),
  }),
  fc.record({ kind: fc.constantFrom('ended' as const, 'paused' as const) }),
  fc.record({
    kind: fc.constant('reconnect' as const),
    broken: fc.boolean(),
  }),
);
