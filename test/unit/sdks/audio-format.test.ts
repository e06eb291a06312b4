import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  audioSeconds,
  rawAudio,
  rawBytesPerSecond,
  readWavHeader,
  UNTIMED,
  wavAudio,
} from '../../../instrumentation/sdks/kit/audio-format.ts';
import { recording } from '../../support/simulators/openai-audio.ts';

describe('bytes of audio', () => {
  it('are seconds where the format tells', () => {
    assert.equal(audioSeconds(wavAudio(12_000, 2), 24_044), 1);
    assert.equal(audioSeconds(rawAudio(8_000, 1), 4_000), 0.5);
    assert.equal(audioSeconds(wavAudio(12_000, 2), 20), 0);
    assert.equal(audioSeconds(UNTIMED, 24_000), undefined);
    assert.equal(audioSeconds(rawAudio(0, 2), 24_000), undefined);
  });

  it('have their rate in a WAV header, wherever its chunks are', () => {
    const plain = recording(1);
    assert.deepEqual(readWavHeader(plain), { headerBytes: 44, bytesPerSecond: 48_000 });
    const list = Buffer.from('LIST\u0003\0\0\0abc\0', 'latin1');
    const tagged = Buffer.concat([plain.subarray(0, 36), list, plain.subarray(36)]);
    assert.deepEqual(readWavHeader(tagged), { headerBytes: 56, bytesPerSecond: 48_000 });
  });

  it('have none in anything else, whatever it is', () => {
    assert.equal(readWavHeader(recording(1).subarray(0, 43)), undefined);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, wav) => {
        if (wav) bytes.set(Buffer.from('RIFF....WAVE').subarray(0, bytes.length));
        readWavHeader(bytes);
      }),
    );
  });
});

describe('bytes a second', () => {
  for (const [encoding, rate, expected] of [
    ['pcm_mulaw', 8_000, 8_000],
    ['pcm_s16le', '16000', 32_000],
    ['pcm_f32le', 48_000, 192_000],
    ['opus', 48_000, undefined],
    ['pcm_s16le', undefined, undefined],
    [undefined, 8_000, undefined],
  ] as const)
    it(`of ${encoding} at ${rate} Hz are ${expected}`, () => {
      assert.equal(rawBytesPerSecond(encoding, rate), expected);
    });
});
