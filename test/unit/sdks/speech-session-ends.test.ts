import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { nowMs } from '../../../instrumentation/call/clock.ts';
import { activeScope } from '../../../instrumentation/call/scope.ts';
import { SpeechSession } from '../../../instrumentation/sdks/kit/live/speech-session.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';
import { Conversation, INIT } from '../../support/stories/speech-session.ts';

before(recordSpans);

describe('a speech-to-speech session', () => {
  it('tells a response that was cancelled from one that failed, and keeps what they used', () => {
    const talk = new Conversation();
    talk.session.responseStarted('a', talk.at(1));
    talk.session.responseEnded('a', { cancelled: true, result: { usage: { inputTokens: 5 } } }, talk.at(2));
    talk.session.responseStarted('b', talk.at(3));
    talk.session.responseEnded('b', { error: 'rate_limit_exceeded' }, talk.at(4));
    talk.session.responseStarted('c', talk.at(5));
    const [a, b, c] = talk.end(6).stages('llm');
    assert.deepEqual([a?.cancelled, a?.errorType, a?.usage], [true, undefined, { inputTokens: 5 }]);
    assert.deepEqual([b?.cancelled, b?.errorType], [undefined, 'rate_limit_exceeded']);
    assert.deepEqual([c?.cancelled, c?.errorType], [true, undefined]);
  });

  it('fails what was going on when the connection breaks', () => {
    const talk = new Conversation();
    talk.session.responseStarted('a', talk.at(1));
    talk.session.closed(talk.at(2), { final: false, error: 'connection_lost' });
    assert.deepEqual(
      talk
        .end(3)
        .stages('llm')
        .map(({ errorType }) => errorType),
      ['connection_lost'],
    );
  });

  it('is a failed stage of the call when it is refused, or breaks while no one speaks', () => {
    const talk = new Conversation();
    talk.session.closed(talk.at(2), { final: true, error: 'connection_lost' });
    assert.deepEqual(
      talk
        .end(3)
        .stages('llm')
        .map(({ errorType, turnIndex, usage }) => [errorType, turnIndex, usage]),
      [['connection_lost', undefined, undefined]],
    );
  });

  it('believes a transport that shows what is played before its own estimate', () => {
    const talk = new Conversation({ observed: true });
    talk.user(1, 2);
    talk.agent('a', 2.6, 20);
    talk.call.tracker.playbackStarted(talk.at(3.1));
    talk.user(8, 9);
    talk.call.tracker.playbackCleared(talk.at(8.3));
    talk.agent('b', 9.6, 1);
    talk.call.tracker.playbackStarted(talk.at(10));
    const story = talk.end(15);
    assert.deepEqual(
      story.stages('playback').map(({ playbackSource, startUs, endUs }) => [playbackSource, startUs, endUs]),
      [
        ['observed', talk.us(3.1), talk.us(8.3)],
        ['observed', talk.us(10), talk.us(15)],
      ],
    );
    assert.equal(story.turns[0]?.interrupted, true);
  });

  it('believes a provider that plays the audio itself', () => {
    const talk = new Conversation();
    talk.user(1, 2);
    talk.session.responseStarted('a', talk.at(2.6));
    talk.session.contentReceived('a', talk.at(2.8));
    talk.session.playbackStarted(talk.at(3));
    talk.session.playbackEnded(talk.at(5));
    const [playback] = talk.end(10).stages('playback');
    assert.deepEqual(
      [playback?.playbackSource, playback?.startUs, playback?.endUs],
      ['observed', talk.us(3), talk.us(5)],
    );
  });

  it('lets someone else answer what it only transcribes', () => {
    const talk = new Conversation({ init: { listensOnly: true } });
    const id = talk.user(1, 2);
    talk.transcript(id, 'hello', 2.8);
    assert.equal(talk.call.turn?.userText, 'hello');
    const story = talk.end(5);
    assert.equal(story.stages('stt')[0]?.turnIndex, 0);
  });

  it('has a call of its own where there is none', () => {
    takeFacts();
    const session = new SpeechSession({ ...INIT, active: ROOT_CONTEXT });
    session.opened();
    const call = activeScope(session.context)?.call;
    assert.ok(call);
    session.closed(nowMs(), { final: true });
    assert.equal(call.ended, true);
  });

  it('forgets what is never transcribed, and survives what no one asked for', () => {
    const talk = new Conversation({ init: { inputBytesPerSecond: undefined } });
    for (let i = 0; i < 200; i++) talk.session.committed(`item-${i}`, talk.at(i / 10));
    for (let i = 0; i < 40; i++) talk.session.responseStarted(`response-${i}`, talk.at(20));
    talk.transcript('item-0', 'forgotten', 21);
    talk.session.audioReceived('unknown', 800, talk.at(21));
    talk.session.responseEnded('unknown', {}, talk.at(21));
    talk.session.said(undefined, 'words');
    talk.session.speechEnded({ seconds: 3, atMs: talk.at(22) }, 'vad');
    talk.session.closed(talk.at(23), { final: true });
    talk.session.closed(talk.at(23), { final: true });
    assert.deepEqual(talk.end(24).stages('stt'), []);
  });
});
