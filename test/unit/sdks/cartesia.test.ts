import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { CartesiaSocket } from '../../../instrumentation/sdks/cartesia/socket.ts';
import { CartesiaSynthesis } from '../../../instrumentation/sdks/cartesia/synthesis.ts';
import { ATTR } from '../../../model/semconv.ts';
import { recordSpans, takeSpans } from '../../support/spans.ts';

before(recordSpans);

describe('seconds of synthesised audio', () => {
  const formats = [
    [{ container: 'raw', encoding: 'pcm_mulaw', sample_rate: 8000 }, 8_000, 1],
    [{ container: 'raw', encoding: 'pcm_f32le', sample_rate: 44_100 }, 44_100 * 4, 1],
    [{ container: 'wav', encoding: 'pcm_s16le', sample_rate: 16_000 }, 44 + 32_000, 1],
    [{ container: 'wav', encoding: 'pcm_s16le', sample_rate: 16_000 }, 20, 0],
    [{ container: 'mp3', sample_rate: 44_100, bit_rate: 128_000 }, 16_000, undefined],
    [undefined, 16_000, undefined],
  ] as const;
  for (const [format, bytes, expected] of formats) {
    it(`of ${JSON.stringify(format)} are ${expected} for ${bytes} bytes`, () => {
      takeSpans();
      const synthesis = CartesiaSynthesis.start({ transcript: 'Hello', output_format: format });
      synthesis.see({ type: 'chunk', audio: new Uint8Array(bytes) });
      synthesis.end();
      const [span] = takeSpans();
      assert.equal(span?.attributes[ATTR.usageAudioSeconds], expected);
      assert.equal(span?.attributes[ATTR.usageCharacters], 5);
    });
  }
});

describe('the contexts of a socket', () => {
  const text = (context_id: string) => ({ context_id, transcript: 'Hello' });

  it('begin with their first text, and end once', () => {
    takeSpans();
    const socket = new CartesiaSocket(ROOT_CONTEXT);
    socket.sent({ context_id: 'a', transcript: '' });
    socket.received({ type: 'done', context_id: 'a' });
    assert.equal(takeSpans().length, 0);
    socket.sent(text('b'));
    socket.received({ type: 'chunk', context_id: 'b', data: 'AAAA' });
    for (let i = 0; i < 2; i++) socket.received({ type: 'done', context_id: 'b' });
    socket.closed(1000);
    assert.equal(takeSpans().length, 1);
  });

  it('all fail with an error of the connection, and with its break', () => {
    for (const [end, errorType] of [
      [(socket: CartesiaSocket) => socket.received({ type: 'error', status_code: 402 }), '402'],
      [(socket: CartesiaSocket) => socket.closed(1006), 'connection_closed'],
    ] as const) {
      takeSpans();
      const socket = new CartesiaSocket(ROOT_CONTEXT);
      for (const id of ['a', 'b']) socket.sent(text(id));
      end(socket);
      const types = takeSpans().map(({ attributes }) => attributes[ATTR.errorType]);
      assert.deepEqual(types, [errorType, errorType]);
    }
  });

  it('never pile up: the oldest is given up', () => {
    takeSpans();
    const socket = new CartesiaSocket(ROOT_CONTEXT);
    for (let i = 0; i < 300; i++) socket.sent(text(String(i)));
    assert.equal(takeSpans().length, 300 - 256);
    socket.closed(1000);
    assert.equal(takeSpans().length, 256);
  });
});
