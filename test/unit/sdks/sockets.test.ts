import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { byteLength, rawBytesPerSecond } from '../../../instrumentation/sdks/shared/sockets.ts';

describe('the length of a frame', () => {
  for (const [what, frame, expected] of [
    ['a buffer', Buffer.alloc(160), 160],
    ['the memory of one', new ArrayBuffer(160), 160],
    ['a view of samples', new Int16Array(80), 160],
    ['several buffers', [new Uint8Array(100), new Uint8Array(60)], 160],
    ['a blob', new Blob([new Uint8Array(160)]), 160],
    ['nothing', undefined, 0],
    ['text', 'finalize', 0],
  ] as const)
    it(`of ${what} is ${expected} bytes`, () => {
      assert.equal(byteLength(frame), expected);
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
