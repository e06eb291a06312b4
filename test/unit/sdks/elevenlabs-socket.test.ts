import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { Call } from '../../../instrumentation/call/call.ts';
import { ElevenLabsSocket } from '../../../instrumentation/sdks/elevenlabs/socket.ts';
import { ATTR } from '../../../model/semconv.ts';
import type { SpanRecord } from '../../../model/span-record.ts';
import { recordSpans, takeSpans } from '../../support/spans.ts';

before(recordSpans);
beforeEach(() => void takeSpans());

const open = (path = 'stream-input', query = '') =>
  new ElevenLabsSocket(
    new URL(`wss://api.elevenlabs.io/v1/text-to-speech/nora/${path}?output_format=ulaw_8000${query}`),
    ROOT_CONTEXT,
  );
const audio = (bytes: number) =>
  Buffer.from(JSON.stringify({ audio: Buffer.alloc(bytes).toString('base64') }));
const speech = (): SpanRecord[] => takeSpans().filter(({ attributes }) => attributes[ATTR.stage] === 'tts');

describe('the syntheses of a socket', () => {
  it('are one a turn, where the socket is kept open', () => {
    for (const flushed of [true, false]) {
      const call = new Call();
      const socket = open();
      const say = (text: string, flush: boolean) => call.run(() => socket.sent({ text, flush }));
      call.tracker.startManualTurn('user');
      say('One. ', flushed);
      socket.received(audio(800));
      call.tracker.startManualTurn('user');
      say('Two, three. ', true);
      socket.received(audio(1_600));
      socket.closing();
      socket.closed(1005);
      call.end();
      const [first, second, ...more] = speech();
      assert.deepEqual(more, []);
      assert.equal(first?.attributes[ATTR.turnIndex], 0);
      assert.equal(first.attributes[ATTR.usageCharacters], 'One. '.length);
      assert.equal(first.attributes[ATTR.usageAudioSeconds], 0.1);
      assert.equal(first.attributes[ATTR.stageCancelled], flushed ? undefined : true);
      assert.equal(second?.attributes[ATTR.turnIndex], 1);
      assert.equal(second.attributes[ATTR.usageAudioSeconds], 0.2);
    }
  });

  it('end when they fall quiet, with auto_mode without a flush', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    for (const [query, flush] of [
      ['', true],
      ['&auto_mode=true', false],
    ] as const) {
      const socket = open('stream-input', query);
      socket.sent({ text: 'Hello. ', flush });
      socket.received(audio(800));
      assert.deepEqual(speech(), []);
      t.mock.timers.tick(1_000);
      const [span] = speech();
      assert.equal(span?.attributes[ATTR.usageCharacters], 'Hello. '.length);
      assert.equal(span.attributes[ATTR.stageCancelled], undefined);
    }
  });

  it('do not count the space that opens one, and nothing that makes no sense', () => {
    const socket = open();
    socket.sent({ text: ' ', voice_settings: {} });
    for (const message of [undefined, {}, { text: 7 }, { text: null, flush: 'x' }])
      socket.sent(message as never);
    for (const data of [undefined, 7, 'x', Buffer.from('{"audio":'), Buffer.from('null')])
      socket.received(data);
    socket.closed(1006);
    assert.deepEqual(speech(), []);
  });

  it('never pile up: the oldest is given up', () => {
    const socket = open('multi-stream-input');
    for (let i = 0; i < 80; i++) socket.sent({ text: 'Hello', context_id: String(i) });
    assert.equal(speech().length, 80 - 64);
    socket.closed(1006);
    const rest = speech();
    assert.equal(rest.length, 64);
    for (const { attributes } of rest) assert.equal(attributes[ATTR.errorType], 'connection_closed');
  });
});
