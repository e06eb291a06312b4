import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SpeechEvents } from '../../../instrumentation/sdks/openai/speech-events.ts';

const event = (data: object, before = ''): string => `${before}data: ${JSON.stringify(data)}\n\n`;
const delta = (audio: Uint8Array): string =>
  event({ type: 'speech.audio.delta', audio: Buffer.from(audio).toString('base64') });
const DONE = event(
  { type: 'speech.audio.done', usage: { input_tokens: 9, output_tokens: 40, total_tokens: 49 } },
  'event: speech.audio.done\n',
);

describe('the events of a synthesis', () => {
  it('give bytes of audio and usage, wherever the body is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 5 }),
        fc.integer({ min: 1, max: 40 }),
        (audio, size) => {
          const events = new SpeechEvents();
          const body = Buffer.from(audio.map(delta).join('') + DONE);
          let bytes = 0;
          for (let at = 0; at < body.length; at += size) bytes += events.add(body.subarray(at, at + size));
          assert.equal(
            bytes,
            audio.reduce((sum, { length }) => sum + length, 0),
          );
          assert.deepEqual(events.usage, { inputTokens: 9, outputTokens: 40 });
        },
      ),
    );
  });

  it('know nothing before the last one came', () => {
    const events = new SpeechEvents();
    assert.equal(events.add(Buffer.from(delta(new Uint8Array(3)))), 3);
    assert.equal(events.usage, undefined);
  });

  it('are passed over when they are of another kind, however long', () => {
    const events = new SpeechEvents();
    const other = `${event({ type: 'other', text: 'x'.repeat(5_000) })}: a comment\n\n`;
    assert.equal(events.add(Buffer.from(other + delta(new Uint8Array(4)))), 4);
  });
});
