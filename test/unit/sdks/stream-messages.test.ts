import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { payloadBytes, payloadOf, readEvent } from '../../../instrumentation/sdks/kit/telephony/messages.ts';

const payload = Buffer.alloc(161, 7).toString('base64');
/** Of mu-law at 8 kHz. */
const mediaMilliseconds = (data: unknown): number | undefined => {
  const found = payloadOf(data);
  return found && payloadBytes(found) / 8;
};
const media = { event: 'media', streamSid: 'MZ1', media: { payload } };

describe('messages of a media stream', () => {
  it('are read as text, as a buffer, and in pieces', () => {
    const mark = { event: 'mark', mark: { name: 'a' } };
    const json = JSON.stringify(mark);
    const bytes = Buffer.from(json);
    const view = new Uint8Array(bytes);
    for (const form of [json, bytes, view, view.buffer, [bytes.subarray(0, 5), bytes.subarray(5)]])
      assert.deepEqual(readEvent(form), mark);
  });

  it('are audio in whatever order their keys come', () => {
    assert.equal(readEvent(JSON.stringify(media)), 'media');
    assert.equal(readEvent(Buffer.from(JSON.stringify(media))), 'media');
    assert.equal(
      readEvent(JSON.stringify({ streamSid: 'MZ1', media: { payload }, event: 'media' })),
      'media',
    );
    assert.equal(readEvent(JSON.stringify(media, null, 2)), 'media');
  });

  it('are nothing when they are not such a message', () => {
    for (const other of ['', 'hello', '{', '{}', '[1]', '{"event":1}', undefined, 7, Buffer.alloc(3)])
      assert.equal(readEvent(other), undefined);
  });

  it('never throw, whatever they hold', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.uint8Array(), fc.anything()), (data) => {
        readEvent(data);
        mediaMilliseconds(data);
      }),
    );
  });
});

describe('the length of outgoing audio', () => {
  it('is found wherever the payload stands', () => {
    const texts = [
      media,
      { streamSid: 'MZ1', event: 'media', media: { payload } },
      { media: { payload }, streamSid: 'MZ1', event: 'media' },
    ].flatMap((message) => [JSON.stringify(message), JSON.stringify(message, null, 2)]);
    for (const text of texts) {
      assert.equal(mediaMilliseconds(text), 161 / 8);
      assert.equal(mediaMilliseconds(Buffer.from(text)), 161 / 8);
    }
  });

  it('is that of any number of bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
        const message = { ...media, media: { payload: Buffer.from(bytes).toString('base64') } };
        assert.equal(mediaMilliseconds(JSON.stringify(message)), bytes.length / 8);
      }),
    );
  });

  it('is unknown for other messages', () => {
    for (const other of [{ event: 'mark', mark: { name: 'payload' } }, { event: 'clear' }, { payload }])
      assert.equal(mediaMilliseconds(JSON.stringify(other)), undefined);
  });
});
