import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { AnthropicAnswer } from '../../../instrumentation/sdks/anthropic/answer.ts';
import { patchAnthropic } from '../../../instrumentation/sdks/anthropic/anthropic.ts';
import { inputMessages, promptCharacters } from '../../../instrumentation/sdks/anthropic/prompt.ts';
import { DEADLINE_MS } from '../../../instrumentation/sdks/kit/requests/deadline.ts';
import { ATTR } from '../../../model/semconv.ts';
import { recordSpans, takeSpans } from '../../support/spans.ts';

before(recordSpans);

/** A client of the shape of the real one, whose answers a test makes up. */
function client(answer: () => unknown) {
  class Messages {
    create(_body: unknown): unknown {
      return answer();
    }
  }
  patchAnthropic({ Anthropic: { Messages } });
  return new Messages();
}

describe('a message', () => {
  it('whose stream no one reads ends after the deadline', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    takeSpans();
    client(() => new Promise(() => {})).create({ model: 'm', stream: true, messages: [] });
    t.mock.timers.tick(DEADLINE_MS - 1);
    assert.deepEqual(takeSpans(), []);
    t.mock.timers.tick(1);
    assert.equal(takeSpans()[0]?.attributes[ATTR.stageCancelled], true);
  });

  it('survives bodies and answers that make no sense', () => {
    for (const answer of [
      undefined,
      null,
      7,
      'text',
      {},
      { type: 'message', content: [null] },
      { type: 'message', content: 'x', usage: 7 },
    ])
      for (const body of [
        undefined,
        null,
        'x',
        { messages: 'x' },
        { messages: [null, { content: [null, 7] }] },
      ]) {
        takeSpans();
        assert.equal(client(() => answer).create(body), answer);
        assert.equal(takeSpans().length, 1);
      }
  });
});

describe('the usage of an answer', () => {
  const start = (usage: object) => ({ type: 'message_start', message: { id: 'msg', model: 'm', usage } });
  const delta = (usage: object) => ({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage });
  const text = (words: string) => ({
    type: 'content_block_delta',
    delta: { type: 'text_delta', text: words },
  });
  const usage = (...events: object[]) => {
    const answer = new AnthropicAnswer(400);
    for (const event of events) answer.add(event);
    return answer.result().usage;
  };

  it('has cached tokens in its prompt, and the last count of each', () => {
    const first = {
      input_tokens: 5,
      cache_read_input_tokens: 70,
      cache_creation_input_tokens: 11,
      output_tokens: 1,
    };
    assert.deepEqual(usage(start(first), text('Hello'), delta({ output_tokens: 9, input_tokens: null })), {
      inputTokens: 86,
      cachedInputTokens: 70,
      cacheCreationInputTokens: 11,
      outputTokens: 9,
    });
    assert.equal(usage(start(first), delta({ output_tokens: 9, input_tokens: 6 }))?.inputTokens, 87);
  });

  it('says what of it stays in the cache for an hour', () => {
    const first = {
      input_tokens: 5,
      cache_creation_input_tokens: 11,
      cache_creation: { ephemeral_1h_input_tokens: 8, ephemeral_5m_input_tokens: 3 },
    };
    const { cacheCreationInputTokens, longCacheCreationInputTokens } =
      usage(start(first), text('Hello'), delta({ output_tokens: 9 })) ?? assert.fail();
    assert.deepEqual([cacheCreationInputTokens, longCacheCreationInputTokens], [11, 8]);
  });

  it('is half estimated when the answer was left, and wholly when it never came', () => {
    assert.deepEqual(usage(start({ input_tokens: 5, output_tokens: 1 }), text('Hello there')), {
      inputTokens: 5,
      outputTokens: 3,
      estimated: true,
    });
    assert.deepEqual(usage(), { inputTokens: 100, outputTokens: 0, estimated: true });
  });
});

describe('a prompt', () => {
  const body = {
    system: [{ type: 'text', text: 'Be kind.' }],
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'f', input: { a: 1 } }] },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'ok' }] }],
      },
      { role: 'user', content: [{ type: 'image', source: {} }] },
    ],
  };

  it('has the length of what is said in it', () => {
    assert.equal(promptCharacters(body), 'Be kind.Hi{"a":1}ok'.length);
    assert.equal(promptCharacters({}), 0);
  });

  it('is told with roles and parts', () => {
    assert.deepEqual(
      JSON.parse(inputMessages(body) ?? '').map(
        ({ role, parts }: { role: string; parts: { type: string }[] }) => [
          role,
          parts.map(({ type }) => type),
        ],
      ),
      [
        ['system', ['text']],
        ['user', ['text']],
        ['assistant', ['tool_call']],
        ['user', ['tool_call_response']],
        ['user', ['image']],
      ],
    );
    assert.equal(inputMessages({}), undefined);
  });
});
