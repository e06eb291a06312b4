import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { byteLength } from '../../../instrumentation/sdks/kit/live/sockets.ts';

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
