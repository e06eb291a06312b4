import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LeastAnswer } from '../../../instrumentation/sdks/fetch/answers.ts';
import { ENDPOINTS, modelIn } from '../../../instrumentation/sdks/fetch/endpoints.ts';

const chunk = (delta: object, more: object = {}) =>
  `data: ${JSON.stringify({ id: 'c1', model: 'gpt-4.1-mini', choices: [{ index: 0, delta, finish_reason: null }], ...more })}\n\n`;
const STREAM = [
  ': keep-alive\n\n',
  chunk({ role: 'assistant', content: '' }),
  chunk({ content: 'Grüße, ' }),
  chunk({ content: 'of course.' }),
  `data: {"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\r\n\r\n`,
  `data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13}}\n\n`,
  'data: [DONE]\n\n',
].join('');

/** Gives the bytes in pieces of this size; says at which piece the first words came. */
function read(answer: LeastAnswer, size: number, stream = STREAM): number {
  const bytes = Buffer.from(stream);
  let first = -1;
  for (let at = 0; at < bytes.length; at += size) {
    const piece = Uint8Array.from(bytes.subarray(at, at + size));
    if (answer.addBytes(piece) && first < 0) first = at;
    // The application may use its bytes again.
    piece.fill(0);
  }
  return first;
}

describe('an answer whose bytes pass by', () => {
  it('is read as events wherever these are cut, and nothing of what was said is kept', () => {
    for (const size of [1, 7, 64, 10_000]) {
      const answer = new LeastAnswer();
      answer.readsEvents('chat');
      const first = read(answer, size);
      assert.ok(size === 10_000 || first > STREAM.indexOf('Gr'), `${size}`);
      assert.equal(answer.finished, true);
      const { usage, responseModel, finishReasons, text } = answer.result();
      assert.deepEqual(usage, { inputTokens: 9, outputTokens: 4 });
      assert.deepEqual([responseModel, finishReasons, text], ['gpt-4.1-mini', ['stop'], undefined]);
    }
  });

  it('has no usage where none was reported: an estimate of half of it would look complete', () => {
    const answer = new LeastAnswer();
    answer.readsEvents('chat');
    read(answer, 100, chunk({ content: 'Of course.' }));
    assert.equal(answer.result().usage, undefined);
  });

  it('goes on after what is no event, and after a line that is too long', () => {
    const answer = new LeastAnswer();
    answer.readsEvents('chat');
    read(answer, 65_536, `data: {"broken\n${'x'.repeat(2_000_000)}\nevent: ping\n${STREAM}`);
    assert.deepEqual(answer.result().usage, { inputTokens: 9, outputTokens: 4 });
  });

  it('is read as an object when it is complete, and not where it is none or too long', () => {
    const whole = JSON.stringify({
      model: 'gpt-4.1-mini',
      choices: [{ index: 0, message: { content: 'Grüße' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 9, completion_tokens: 4 },
    });
    const resultOf = (body: string, size: number) => {
      const answer = new LeastAnswer();
      answer.readsObject('chat');
      read(answer, size, body);
      const { usage, responseModel, text } = answer.result();
      assert.deepEqual([usage, responseModel, text], [undefined, undefined, undefined]);
      answer.complete();
      return answer.result();
    };
    for (const size of [1, 64, 10_000]) {
      const { usage, responseModel, finishReasons, text } = resultOf(whole, size);
      assert.deepEqual(usage, { inputTokens: 9, outputTokens: 4 });
      assert.deepEqual([responseModel, finishReasons, text], ['gpt-4.1-mini', ['stop'], undefined]);
    }
    assert.equal(resultOf(`[${whole}`, 64).usage, undefined);
    assert.equal(
      resultOf(`${whole.slice(0, -1)}, "x": "${'x'.repeat(2_000_000)}"}`, 65_536).usage,
      undefined,
    );
  });

  it('begins with its first byte where it is not read', () => {
    const answer = new LeastAnswer();
    assert.equal(answer.begun, false);
    assert.equal(answer.addBytes(new Uint8Array(0)), false);
    assert.equal(answer.addBytes(new Uint8Array(3)), true);
    assert.deepEqual([answer.begun, answer.result()], [true, {}]);
  });
});

describe('an address of a provider', () => {
  const kindOf = (path: string) => {
    const endpoint = ENDPOINTS.find((each) => each.path.test(path));
    return endpoint && `${endpoint.kind} ${endpoint.of}`;
  };

  it('says what is asked for', () => {
    for (const [path, expected] of [
      ['/openai/v1/chat/completions', 'llm openai'],
      ['/openai/deployments/four/chat/completions', 'llm openai'],
      ['/v1/responses', 'llm openai'],
      ['/v1/messages', 'llm anthropic'],
      ['/v1beta/models/gemini-3.8-flash:streamGenerateContent', 'llm gcp.gemini'],
      ['/v1/audio/speech', 'tts openai'],
      ['/v1/text-to-speech/nora/stream', 'tts elevenlabs'],
      ['/v1/text-to-speech/nora/stream/with-timestamps', 'tts elevenlabs'],
      ['/tts/bytes', 'tts cartesia'],
      ['/v1/speak', 'tts deepgram'],
      ['/v1/listen', 'stt deepgram'],
      ['/v1/audio/transcriptions', 'stt openai'],
      ['/v1/embeddings', undefined],
      ['/v1/messages/count_tokens', undefined],
      ['/v1/responses/resp_1/cancel', undefined],
    ])
      assert.equal(kindOf(path as string), expected, path);
  });

  it('may name the model', () => {
    const model = (path: string) => modelIn(new URL(path, 'https://api.example.com'));
    assert.equal(model('/v1/listen?model=nova-3'), 'nova-3');
    assert.equal(model('/v1beta/models/gemini-3.8-flash:generateContent'), 'gemini-3.8-flash');
    assert.equal(model('/openai/deployments/four/chat/completions?api-version=1'), 'four');
    assert.equal(model('/v1/chat/completions'), undefined);
  });
});
