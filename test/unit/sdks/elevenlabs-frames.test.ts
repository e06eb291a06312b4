import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { elevenLabsFormat } from '../../../instrumentation/sdks/elevenlabs/format.ts';
import { readFrame } from '../../../instrumentation/sdks/elevenlabs/frames.ts';

const frame = (message: object | string, named = true) =>
  readFrame(Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)), named);

describe('a message of the synthesis socket', () => {
  it('tells how much audio it carries, with and without blanks between keys and values', () => {
    for (const bytes of [0, 1, 2, 3, 160, 800]) {
      const audio = Buffer.alloc(bytes, 7).toString('base64');
      assert.equal(frame({ audio, isFinal: null })?.audioBytes, bytes);
      assert.equal(frame(`{"isFinal": null, "audio": "${audio}", "alignment": null}`)?.audioBytes, bytes);
    }
  });

  it('names its synthesis, in front of the audio or behind it', () => {
    assert.equal(frame({ audio: 'AAAA', contextId: 'one' })?.contextId, 'one');
    assert.equal(frame({ context_id: 'two', audio: 'AAAA' })?.contextId, 'two');
    assert.equal(frame({ audio: 'AAAA' })?.contextId, undefined);
    assert.equal(frame({ isFinal: true, contextId: 'three' })?.contextId, 'three');
  });

  it('says that it is the last one, with audio or without', () => {
    assert.equal(frame({ audio: 'AAAA', isFinal: true })?.final, true);
    assert.equal(frame({ is_final: true, audio: null })?.final, true);
    assert.equal(frame('{"audio": "AAAA", "isFinal": false}')?.final, false);
    assert.equal(frame({ audio: 'AAAA', isFinal: null })?.final, false);
  });

  it('reports an error by its code', () => {
    assert.equal(frame({ message: 'No.', error: 'quota_exceeded', code: 1008 })?.error, 'quota_exceeded');
    assert.equal(frame({ audio: null, isFinal: true })?.error, undefined);
  });

  it('is nothing when it is not such a message', () => {
    for (const text of ['', 'hello', '[]x', '{"audio":"AAAA'])
      assert.equal(frame(text)?.audioBytes ?? 0, 0, text);
    for (const data of [undefined, 7, {}]) assert.equal(readFrame(data, false), undefined);
  });

  it('is read from whatever the socket gives', () => {
    const json = JSON.stringify({ audio: 'AAAA' });
    const bytes = Buffer.from(json);
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    for (const data of [json, bytes, buffer, [bytes.subarray(0, 4), bytes.subarray(4)]])
      assert.equal(readFrame(data, false)?.audioBytes, 3);
  });
});

describe('a format of ElevenLabs', () => {
  const formats = [
    ['pcm_16000', 32_000],
    ['ulaw_8000', 8_000],
    ['alaw_8000', 8_000],
    ['wav_44100', 88_200],
    ['mp3_44100_128', undefined],
    ['opus_48000_64', undefined],
    ['pcm', undefined],
    [undefined, undefined],
  ] as const;
  for (const [format, bytesPerSecond] of formats) {
    it(`${format} has ${bytesPerSecond} bytes a second`, () => {
      assert.equal(elevenLabsFormat(format).bytesPerSecond, bytesPerSecond);
    });
  }
});
