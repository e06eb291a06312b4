import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { estimateTokens } from '../../../instrumentation/sdks/kit/usage.ts';
import { ChatAnswer } from '../../../instrumentation/sdks/openai/chat-answer.ts';
import { inputMessages, promptCharacters } from '../../../instrumentation/sdks/openai/chat-prompt.ts';

const delta = (content: string, index = 0) => ({ choices: [{ index, delta: { content } }] });

describe('an answer', () => {
  it('begins with its first words or tool call, and not with an empty chunk', () => {
    const answer = new ChatAnswer(0);
    assert.equal(answer.add({ id: '1', choices: [{ delta: { role: 'assistant', content: '' } }] }), false);
    assert.equal(answer.add({ choices: [], usage: null }), false);
    assert.equal(answer.add(delta('Hi')), true);
    assert.equal(answer.add({ choices: [{ delta: { tool_calls: [{ function: { name: 'f' } }] } }] }), true);
  });

  it('takes usage from the end of a stream, where OpenAI or Groq puts it', () => {
    const usage = {
      prompt_tokens: 12,
      completion_tokens: 7,
      prompt_tokens_details: { cached_tokens: 8, audio_tokens: 1 },
      completion_tokens_details: { reasoning_tokens: 3 },
    };
    for (const last of [
      { choices: [], usage },
      { choices: [], usage: null, x_groq: { usage } },
    ]) {
      const answer = new ChatAnswer(100);
      answer.add(delta('Hi'));
      answer.add(last);
      assert.deepEqual(answer.result().usage, {
        inputTokens: 12,
        cachedInputTokens: 8,
        inputAudioTokens: 1,
        outputTokens: 7,
        reasoningTokens: 3,
      });
    }
  });

  it('has its usage estimated from characters when none came, and says so', () => {
    assert.equal(estimateTokens('Hello there'.length), 3);
    const answer = new ChatAnswer(17);
    answer.add(delta('Hello'));
    answer.add(delta(' there'));
    assert.deepEqual(answer.result().usage, { inputTokens: 5, outputTokens: 3, estimated: true });
  });

  it('counts every choice and keeps the words of the first', () => {
    const answer = new ChatAnswer(0);
    answer.add(delta('one', 0));
    answer.add(delta('other', 1));
    assert.equal(answer.result().text, 'one');
    assert.equal(answer.result().usage?.outputTokens, 2);
  });

  it('keeps no more words than its cap, and counts them all', () => {
    const answer = new ChatAnswer(0);
    for (let i = 0; i < 100; i++) answer.add(delta('x'.repeat(1_000)));
    assert.equal(answer.result().text?.length, 16_384);
    assert.equal(answer.result().usage?.outputTokens, 25_000);
  });
});

describe('a prompt', () => {
  const messages = [
    { role: 'system', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Open?' },
        { type: 'image_url', image_url: { url: 'x' } },
      ],
    },
    { role: 'assistant', tool_calls: [{ id: 'c1', function: { name: 'hours', arguments: '{"day":1}' } }] },
    { role: 'tool', tool_call_id: 'c1', content: '12 to 23' },
  ];

  it('is as long as what is said in it', () => {
    assert.equal(promptCharacters(messages), 'Be brief.Open?{"day":1}12 to 23'.length);
    assert.equal(promptCharacters(undefined), 0);
  });

  it('is written in the form of the convention, with media only named', () => {
    assert.deepEqual(JSON.parse(inputMessages(messages) ?? ''), [
      { role: 'system', parts: [{ type: 'text', content: 'Be brief.' }] },
      { role: 'user', parts: [{ type: 'text', content: 'Open?' }, { type: 'image_url' }] },
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'c1', name: 'hours', arguments: '{"day":1}' }] },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: '12 to 23' }] },
    ]);
    assert.equal(inputMessages([]), undefined);
  });
});
