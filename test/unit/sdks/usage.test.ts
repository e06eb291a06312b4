import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AiAnswer } from '../../../instrumentation/sdks/ai/answer.ts';
import { AnthropicAnswer } from '../../../instrumentation/sdks/anthropic/answer.ts';
import { GeminiAnswer } from '../../../instrumentation/sdks/genai/answer.ts';
import type { ModelAnswer } from '../../../instrumentation/sdks/kit/requests/model-answer.ts';
import { gross } from '../../../instrumentation/sdks/kit/usage.ts';
import { readStage } from '../../../instrumentation/sdks/livekit/metrics.ts';
import { ChatAnswer } from '../../../instrumentation/sdks/openai/chat-answer.ts';
import { ResponsesAnswer } from '../../../instrumentation/sdks/openai/responses-answer.ts';
import type { Usage } from '../../../model/facts.ts';

const resultOf = (answer: ModelAnswer, ...items: readonly unknown[]) => {
  for (const item of items) answer.add(item);
  return answer.result();
};
const chat = (usage: object, more: object = {}) =>
  resultOf(
    new ChatAnswer(0),
    { choices: [{ delta: { content: 'Hi' }, finish_reason: 'stop' }], ...more },
    { usage },
  );
const ai = (usage: object, providerMetadata?: object) =>
  resultOf(new AiAnswer(0), { type: 'finish', finishReason: 'stop', usage, providerMetadata });

describe('counts of a request', () => {
  const cases: readonly [what: string, reported: Usage, total: number | undefined, right: Partial<Usage>][] =
    [
      [
        'are left alone where they add up',
        { inputTokens: 100, cachedInputTokens: 60, outputTokens: 20, reasoningTokens: 5 },
        120,
        {},
      ],
      [
        'have a prompt no smaller than its cached part',
        { inputTokens: 10, cachedInputTokens: 60, outputTokens: 5 },
        undefined,
        { inputTokens: 70 },
      ],
      [
        'have an answer no smaller than its reasoning',
        { inputTokens: 10, outputTokens: 5, reasoningTokens: 30 },
        undefined,
        { outputTokens: 35 },
      ],
      [
        'add up to their total by the cached part',
        { inputTokens: 100, cachedInputTokens: 60, outputTokens: 5 },
        165,
        { inputTokens: 160 },
      ],
      [
        'add up to their total by the reasoning',
        { inputTokens: 100, outputTokens: 50, reasoningTokens: 30 },
        180,
        { outputTokens: 80 },
      ],
      [
        'add up to their total by both',
        { inputTokens: 100, cachedInputTokens: 60, outputTokens: 50, reasoningTokens: 30 },
        240,
        { inputTokens: 160, outputTokens: 80 },
      ],
      [
        'have thoughts where the total says so and nothing else',
        { inputTokens: 100, outputTokens: 50 },
        190,
        { outputTokens: 90, reasoningTokens: 40 },
      ],
    ];
  for (const [what, reported, total, right] of cases)
    it(what, () => assert.deepEqual(gross(reported, total), { ...reported, ...right }));

  it('are unknown where they are unknown', () => {
    assert.equal(gross(undefined, 10), undefined);
    assert.deepEqual(gross({ outputTokens: 4 }, 10), { outputTokens: 4 });
  });
});

describe('every hook counts gross, the cached part of the input and the reasoning part of the output', () => {
  it('of chat completions of Gemini and xAI, whose total alone includes the thoughts', () => {
    assert.deepEqual(chat({ prompt_tokens: 90, completion_tokens: 20, total_tokens: 180 }).usage, {
      inputTokens: 90,
      outputTokens: 90,
      reasoningTokens: 70,
    });
    assert.deepEqual(
      chat({
        prompt_tokens: 90,
        completion_tokens: 20,
        total_tokens: 180,
        completion_tokens_details: { reasoning_tokens: 70 },
      }).usage,
      { inputTokens: 90, outputTokens: 90, reasoningTokens: 70 },
    );
  });

  it('of chat completions, cache reads and writes under their other names too', () => {
    assert.deepEqual(
      chat({ prompt_tokens: 90, completion_tokens: 20, prompt_cache_hit_tokens: 64, total_tokens: 110 })
        .usage,
      { inputTokens: 90, cachedInputTokens: 64, outputTokens: 20 },
    );
    assert.deepEqual(
      chat({
        prompt_tokens: 90,
        completion_tokens: 20,
        prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 80 },
      }).usage,
      { inputTokens: 90, cachedInputTokens: 0, cacheCreationInputTokens: 80, outputTokens: 20 },
    );
  });

  it('of responses', () => {
    const usage = {
      input_tokens: 10,
      input_tokens_details: { cached_tokens: 8 },
      output_tokens: 5,
      output_tokens_details: { reasoning_tokens: 40 },
      total_tokens: 55,
    };
    assert.deepEqual(resultOf(new ResponsesAnswer(0), { id: 'r', status: 'completed', usage }).usage, {
      inputTokens: 10,
      cachedInputTokens: 8,
      outputTokens: 45,
      reasoningTokens: 40,
    });
  });

  it('of Anthropic, whose input is what was neither read from the cache nor written to it', () => {
    const usage = {
      input_tokens: 4,
      cache_read_input_tokens: 900,
      cache_creation_input_tokens: 96,
      output_tokens: 7,
    };
    assert.deepEqual(
      resultOf(new AnthropicAnswer(0), {
        type: 'message',
        id: 'm',
        content: [],
        stop_reason: 'end_turn',
        usage,
      }).usage,
      { inputTokens: 1_000, cachedInputTokens: 900, cacheCreationInputTokens: 96, outputTokens: 7 },
    );
  });

  it('of Gemini, whose candidates are without the thoughts', () => {
    const usageMetadata = {
      promptTokenCount: 50,
      cachedContentTokenCount: 40,
      candidatesTokenCount: 10,
      thoughtsTokenCount: 25,
    };
    assert.deepEqual(
      resultOf(new GeminiAnswer(0), { usageMetadata, candidates: [{ finishReason: 'STOP' }] }).usage,
      { inputTokens: 50, cachedInputTokens: 40, outputTokens: 35, reasoningTokens: 25 },
    );
  });

  it('of the AI SDK, with what was written to the cache', () => {
    assert.deepEqual(
      ai({
        inputTokens: { total: 1_000, noCache: 4, cacheRead: 900, cacheWrite: 96 },
        outputTokens: { total: 30, text: 10, reasoning: 20 },
      }).usage,
      {
        inputTokens: 1_000,
        cachedInputTokens: 900,
        cacheCreationInputTokens: 96,
        outputTokens: 30,
        reasoningTokens: 20,
      },
    );
    assert.deepEqual(
      ai({
        inputTokens: 1_000,
        inputTokenDetails: { cacheReadTokens: 900, cacheWriteTokens: 96, noCacheTokens: 4 },
        outputTokens: 30,
      }).usage,
      { inputTokens: 1_000, cachedInputTokens: 900, cacheCreationInputTokens: 96, outputTokens: 30 },
    );
  });

  it('of providers that were made for AI SDK 5, under 7', () => {
    // As ai 7 converts the usage of such a provider.
    const converted = (
      input: number,
      cacheRead: number | undefined,
      output: number,
      reasoning?: number,
      totalTokens?: number,
    ) => ({
      inputTokens: { total: input, noCache: undefined, cacheRead, cacheWrite: undefined },
      outputTokens: { total: output, text: undefined, reasoning },
      raw: totalTokens === undefined ? undefined : { totalTokens },
    });
    assert.deepEqual(ai(converted(40, 30, 7), { anthropic: { cacheCreationInputTokens: 96 } }).usage, {
      inputTokens: 166,
      cachedInputTokens: 30,
      cacheCreationInputTokens: 96,
      outputTokens: 7,
    });
    assert.deepEqual(ai(converted(50, 40, 10, 25, 85), { google: {} }).usage, {
      inputTokens: 50,
      cachedInputTokens: 40,
      outputTokens: 35,
      reasoningTokens: 25,
    });
    assert.deepEqual(ai(converted(50, 40, 10, 4, 60)).usage, {
      inputTokens: 50,
      cachedInputTokens: 40,
      outputTokens: 10,
      reasoningTokens: 4,
    });
  });

  it('of LiveKit, with what was written to the cache', () => {
    const metrics = {
      type: 'llm_metrics',
      timestamp: 1_700_000_001_000,
      durationMs: 600,
      promptTokens: 1_000,
      promptCachedTokens: 900,
      cacheCreationTokens: 96,
      completionTokens: 30,
      totalTokens: 1_030,
    };
    assert.deepEqual(readStage(metrics)?.usage, {
      inputTokens: 1_000,
      cachedInputTokens: 900,
      cacheCreationInputTokens: 96,
      outputTokens: 30,
    });
  });
});

describe('what served a request', () => {
  it('is the model and the tier of the answer', () => {
    const chatted = chat(
      { prompt_tokens: 1, completion_tokens: 1 },
      { model: 'gpt-5-2025-08-07', service_tier: 'priority' },
    );
    assert.equal(chatted.responseModel, 'gpt-5-2025-08-07');
    assert.equal(chatted.serviceTier, 'priority');
    const answered = resultOf(
      new ResponsesAnswer(0),
      {
        type: 'response.created',
        response: { id: 'r', model: 'gpt-5', status: 'in_progress', service_tier: 'auto' },
      },
      {
        type: 'response.completed',
        response: { id: 'r', model: 'gpt-5', status: 'completed', service_tier: 'flex' },
      },
    );
    assert.equal(answered.serviceTier, 'flex');
    const said = resultOf(
      new AnthropicAnswer(0),
      {
        type: 'message_start',
        message: { id: 'm', model: 'claude', usage: { input_tokens: 1, service_tier: 'standard' } },
      },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
    );
    assert.equal(said.serviceTier, 'standard');
    assert.equal(ai({}, { openai: { serviceTier: 'priority' } }).serviceTier, 'priority');
  });

  it('is unknown while it is only asked for', () => {
    const asked = resultOf(new ResponsesAnswer(0), {
      type: 'response.created',
      response: { id: 'r', status: 'in_progress', service_tier: 'auto' },
    });
    assert.equal(asked.serviceTier, undefined);
  });

  it('is a model by its name, without the path that Google puts before it', () => {
    assert.equal(chat({}, { model: 'models/gemini-2.5-flash' }).responseModel, 'gemini-2.5-flash');
    assert.equal(
      chat({}, { model: 'accounts/fireworks/models/llama-v3p1-8b' }).responseModel,
      'accounts/fireworks/models/llama-v3p1-8b',
    );
    const gemini = resultOf(new GeminiAnswer(0), { modelVersion: 'models/gemini-2.5-flash' });
    assert.equal(gemini.responseModel, 'gemini-2.5-flash');
  });
});
