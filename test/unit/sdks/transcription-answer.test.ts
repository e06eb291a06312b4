import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TranscriptionAnswer } from '../../../instrumentation/sdks/kit/requests/transcription-answer.ts';

const read = (...items: unknown[]): TranscriptionAnswer => {
  const answer = new TranscriptionAnswer();
  for (const item of items) answer.add(item);
  return answer;
};

describe('a transcript', () => {
  it('is the text, of whatever form it comes in', () => {
    const subtitles = '1\n00:00:00,000 --> 00:00:01,000\nHello\n\n2\n00:00:01,000 --> 00:00:02,000\nthere.\n';
    for (const items of [
      [{ text: 'Hello there.' }],
      ['Hello there.\n'],
      [subtitles],
      [`WEBVTT\n\n00:00.000 --> 00:02.000\nHello there.\n`],
      [
        { type: 'transcript.text.delta', delta: 'Hello' },
        { type: 'transcript.text.delta', delta: ' there.' },
      ],
      [
        { type: 'transcript.text.delta', delta: 'Hell' },
        { type: 'transcript.text.done', text: 'Hello there.' },
      ],
    ])
      assert.equal(read(...items).result().text, 'Hello there.');
    assert.equal(read({ text: ' ' }).result().text, undefined);
  });

  it('is billed by seconds as reported, else as measured, or by tokens', () => {
    const measured = (item: unknown) => {
      const answer = read(item);
      answer.measured(3);
      return answer.result().usage;
    };
    assert.deepEqual(measured({ text: 'x' }), { audioSeconds: 3 });
    assert.deepEqual(measured({ text: 'x', duration: 2.5 }), { audioSeconds: 2.5 });
    assert.deepEqual(measured({ text: 'x', usage: { type: 'duration', seconds: 4 }, duration: 3.7 }), {
      audioSeconds: 4,
    });
    const usage = {
      type: 'tokens',
      input_tokens: 20,
      output_tokens: 5,
      input_token_details: { audio_tokens: 18 },
    };
    assert.deepEqual(read({ text: 'x', usage }).result().usage, {
      inputTokens: 20,
      inputAudioTokens: 18,
      outputTokens: 5,
    });
  });

  it('survives what makes no sense', () => {
    for (const item of [undefined, null, 7, {}, { text: 7, words: [null], usage: 'x' }, { type: 'other' }])
      assert.deepEqual(read(item).result(), { text: undefined, usage: {} });
  });
});
