import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeAlaw, encodeMulaw, mulawToLinear, TELEPHONE_RATE, voicedRanges } from '../../../demo/audio.ts';
import { createRandom } from '../../../demo/simulators/random.ts';
import { tokenize } from '../../../demo/simulators/tokens.ts';
import { synthesize } from '../../../demo/simulators/voice.ts';
import { utterances } from '../../../demo/speech.ts';

test('the index of the recorded speech says exactly where the audio is voiced', () => {
  for (const { name, samples, speechStartSeconds, speechEndSeconds, words, text } of utterances().values()) {
    const [range, ...others] = voicedRanges(samples);
    assert.deepEqual(others, [], name);
    assert.equal(range?.start, speechStartSeconds * TELEPHONE_RATE, name);
    assert.equal(range?.end, speechEndSeconds * TELEPHONE_RATE, name);
    assert.equal(words[0]?.start, speechStartSeconds, name);
    assert.equal(words.at(-1)?.end, speechEndSeconds, name);
    assert.equal(words.map(({ word }) => word).join(' '), text);
  }
});

test('no pause in a recording is long enough to end an utterance', () => {
  for (const { name, samples } of utterances().values()) {
    assert.equal(voicedRanges(samples, 0.28 * TELEPHONE_RATE).length, 1, name);
  }
});

test('recordings are silent outside their speech and small', () => {
  let bytes = 0;
  for (const { samples, mulaw } of utterances().values()) {
    const [range] = voicedRanges(samples);
    assert.ok(range && samples.subarray(0, range.start).every((sample) => sample === 0));
    assert.ok(samples.subarray(range.end).every((sample) => sample === 0));
    bytes += mulaw.length;
  }
  assert.ok(bytes < 300_000);
});

test('mu-law survives decoding and encoding', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const again = mulawToLinear(bytes).map(encodeMulaw);
  // 0x7f is negative zero: it comes back as zero.
  for (const byte of bytes) assert.equal(again[byte], byte === 0x7f ? 0xff : byte);
});

test('A-law has the values of G.711', () => {
  assert.deepEqual([0, -1, 32767, -32768, 1000].map(encodeAlaw), [0xd5, 0x55, 0xaa, 0x2a, 0xfa]);
});

test('tokens joined are the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => assert.equal(tokenize(text).join(''), text)),
  );
});

test('a simulated voice is audible in every frame', () => {
  const samples = mulawToLinear(synthesize('All of it is made in our own kitchen.', 'pcm_mulaw', 8000));
  for (let at = 0; at < samples.length; at += 160) {
    assert.notEqual(voicedRanges(samples.subarray(at, at + 160)).length, 0, `frame at ${at}`);
  }
});

test('the same seed and label draw the same numbers, another label others', () => {
  const draw = (seed: number, label: string) => {
    const random = createRandom(seed, label);
    return [random.between(0, 1), random.between(150, 400), random.uuid()];
  };
  assert.deepEqual(draw(1, 'a'), draw(1, 'a'));
  assert.notDeepEqual(draw(1, 'a'), draw(1, 'b'));
  assert.notDeepEqual(draw(1, 'a'), draw(2, 'a'));
});
