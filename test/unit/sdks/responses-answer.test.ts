import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ResponsesAnswer } from '../../../instrumentation/sdks/openai/responses-answer.ts';
import { inputMessages, promptCharacters } from '../../../instrumentation/sdks/openai/responses-prompt.ts';

describe('the answer of a response', () => {
  it('begins with what can be said or done, and not with reasoning', () => {
    const answer = new ResponsesAnswer(0);
    for (const event of [
      { type: 'response.created', response: { id: 'r', status: 'in_progress' } },
      { type: 'response.reasoning_text.delta', delta: 'Hm' },
      { type: 'response.reasoning_summary_text.delta', delta: 'Hm' },
      { type: 'response.output_item.added', item: { type: 'message' } },
      { type: 'response.output_text.delta', delta: '' },
    ])
      assert.equal(answer.add(event), false, event.type);
    for (const event of [
      { type: 'response.output_text.delta', delta: 'Hello' },
      { type: 'response.refusal.delta', delta: 'No' },
      { type: 'response.audio.delta', delta: 'AAAA' },
      { type: 'response.audio.transcript.delta', delta: 'Hello' },
      { type: 'response.function_call_arguments.delta', delta: '{' },
      { type: 'response.custom_tool_call_input.delta', delta: '{' },
      { type: 'response.output_item.added', item: { type: 'function_call' } },
    ])
      assert.equal(answer.add(event), true, event.type);
  });

  it('says that the application is to run a tool, in the words of chat completions', () => {
    const reasons = (response: object) => {
      const answer = new ResponsesAnswer(0);
      answer.add(response);
      return answer.result().finishReasons;
    };
    assert.deepEqual(reasons({ status: 'completed', output: [{ type: 'message' }] }), ['stop']);
    assert.deepEqual(reasons({ status: 'completed', output: [{ type: 'function_call' }] }), ['tool_calls']);
    assert.deepEqual(reasons({ status: 'completed', output: [{ type: 'web_search_call' }] }), ['stop']);
    assert.deepEqual(reasons({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }), [
      'length',
    ]);
    assert.deepEqual(reasons({ status: 'queued' }), []);
  });

  it('survives answers that make no sense', () => {
    for (const item of [
      undefined,
      null,
      7,
      'x',
      {},
      { type: 7 },
      { output: 'x' },
      { output: [null, { content: [null] }] },
    ]) {
      const answer = new ResponsesAnswer(undefined);
      assert.equal(answer.add(item), false);
      assert.deepEqual(answer.result().finishReasons, []);
      assert.equal(answer.failure, undefined);
    }
  });
});

describe('the prompt of a response', () => {
  it('is as long as all that is said in it, where all of it is there', () => {
    assert.equal(promptCharacters({ instructions: 'abc', input: 'de' }), 5);
    assert.equal(
      promptCharacters({
        input: [
          { role: 'user', content: 'ab' },
          { role: 'user', content: [{ type: 'input_text', text: 'cd' }, { type: 'input_image' }, null] },
          { type: 'function_call', arguments: '{}' },
          { type: 'function_call_output', output: 'ef' },
          null,
        ],
      }),
      8,
    );
    assert.equal(promptCharacters({ input: 'x', previous_response_id: 'resp_1' }), undefined);
    assert.equal(promptCharacters({ input: 7 }), 0);
  });

  it('is written as roles and parts', () => {
    const input = [
      { role: 'user', content: [{ type: 'input_text', text: 'Hi' }, { type: 'input_audio' }] },
      { type: 'function_call', call_id: 'c', name: 'open', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c', output: 'yes' },
      { type: 'reasoning' },
    ];
    assert.deepEqual(JSON.parse(inputMessages({ input }) ?? ''), [
      { role: 'user', parts: [{ type: 'text', content: 'Hi' }, { type: 'input_audio' }] },
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'c', name: 'open', arguments: '{}' }] },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c', response: 'yes' }] },
      { role: 'assistant', parts: [{ type: 'reasoning' }] },
    ]);
    assert.equal(inputMessages({}), undefined);
  });
});
