import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFact } from '../../../exporter/dialects/index.ts';
import { tokenUsage } from '../../../exporter/dialects/tokens.ts';
import type { SpanRecord } from '../../../model/span-record.ts';

const usage = (names: Record<string, number>) =>
  tokenUsage({
    'gen_ai.usage.input_tokens': 9000,
    'gen_ai.usage.output_tokens': 100,
    ...Object.fromEntries(Object.entries(names).map(([name, value]) => [`gen_ai.usage.${name}`, value])),
  });

test('tokens written to a cache are read under every name that they had', () => {
  for (const name of [
    'cache_write.input_tokens',
    'cache_creation.input_tokens',
    'cache_creation_input_tokens',
    'cache_write_input_tokens',
    'cache_write_tokens',
    'cache_write.tokens',
    'cache_creation.tokens',
    'input_tokens.cache_write',
    'input_tokens.cache_creation',
    'details.cache_write_tokens',
    'details.cache_creation_input_tokens',
    'input_token_details.cache_creation',
    'prompt_tokens_details.cache_creation_tokens',
  ]) {
    assert.equal(usage({ [name]: 8000 })?.cacheCreationInputTokens, 8000, name);
  }
});

test('tokens written for an hour are a part of those written, also where only the parts are told', () => {
  const parts = {
    'cache_creation.ephemeral_5m_input_tokens': 300,
    'cache_creation.ephemeral_1h_input_tokens': 7700,
  };
  for (const names of [parts, { ...parts, 'cache_creation.input_tokens': 8000 }]) {
    const { cacheCreationInputTokens, longCacheCreationInputTokens } = usage(names) ?? assert.fail();
    assert.deepEqual([cacheCreationInputTokens, longCacheCreationInputTokens], [8000, 7700]);
  }
});

test('tokens read from a cache are read under every name that they had', () => {
  for (const name of [
    'cache_read.input_tokens',
    'cache_read_input_tokens',
    'input_cached_tokens',
    'cached_tokens',
    'cache_read.tokens',
    'prompt_tokens_cached',
    'input_tokens.cached',
    'input_tokens.cache_read',
    'details.cache_read_tokens',
    'details.cached_tokens',
    'input_token_details.cache_read',
    'cached_prompt_tokens',
  ]) {
    assert.equal(usage({ [name]: 800 })?.cachedInputTokens, 800, name);
  }
});

test('several names of one count are one count', () => {
  const twice = usage({
    'cache_write.input_tokens': 8000,
    cache_creation_input_tokens: 8000,
    'details.cache_write_tokens': 8000,
    'reasoning.output_tokens': 40,
    reasoning_tokens: 40,
  });
  assert.deepEqual(twice, {
    inputTokens: 9000,
    cacheCreationInputTokens: 8000,
    outputTokens: 100,
    reasoningTokens: 40,
  });
});

test('audio tokens are read under every name that they had', () => {
  for (const [input, output] of [
    ['audio.input_tokens', 'audio.output_tokens'],
    ['prompt_tokens_details.audio_tokens', 'completion_tokens_details.audio_tokens'],
    ['input_tokens_details.audio_tokens', 'output_tokens_details.audio_tokens'],
    ['input_token_details.audio', 'output_token_details.audio'],
  ] as const) {
    const { inputAudioTokens, outputAudioTokens } = usage({ [input]: 250, [output]: 80 }) ?? assert.fail();
    assert.deepEqual([inputAudioTokens, outputAudioTokens], [250, 80], input);
  }
});

test('cached tokens of which only the parts are told are both parts', () => {
  const parts = { 'text.cache_read.input_tokens': 384, 'audio.cache_read.input_tokens': 640 };
  const { cachedInputTokens, cachedInputAudioTokens } = usage(parts) ?? assert.fail();
  assert.deepEqual([cachedInputTokens, cachedInputAudioTokens], [1024, 640]);
});

test('where all tokens were text, none was audio', () => {
  const { inputAudioTokens, outputAudioTokens } =
    usage({ 'text.input_tokens': 9000, 'text.output_tokens': 60 }) ?? assert.fail();
  assert.deepEqual([inputAudioTokens, outputAudioTokens], [0, undefined]);
});

test('where none of the tokens is of any kind, the kinds are not known', () => {
  const none = {
    'text.input_tokens': 0,
    'audio.input_tokens': 0,
    'text.output_tokens': 0,
    'audio.output_tokens': 0,
  };
  const { inputAudioTokens, outputAudioTokens } = usage(none) ?? assert.fail();
  assert.deepEqual([inputAudioTokens, outputAudioTokens], [undefined, undefined]);
  assert.equal(usage({ ...none, 'text.input_tokens': 9000 })?.inputAudioTokens, 0);
  assert.equal(usage({ ...none, 'image.input_tokens': 9000 })?.inputAudioTokens, 0);
});

test('a count that is not a count is unknown', () => {
  assert.equal(
    usage({ 'cache_write.input_tokens': -1, 'cache_creation.input_tokens': 7 })?.cacheCreationInputTokens,
    7,
  );
  assert.equal(
    tokenUsage({ 'gen_ai.usage.input_tokens': '12', 'gen_ai.usage.output_tokens': Number.NaN }),
    undefined,
  );
});

test('counts are made gross where a reporter passes on those of the provider, and left alone where it adds up', () => {
  const used = (scopeName: string, provider: string, model: string, more: SpanRecord['attributes'] = {}) => {
    const fact = readFact({
      traceId: 't',
      spanId: 's',
      name: 'chat',
      startUs: 0,
      endUs: 1_000_000,
      statusCode: 0,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.conversation.id': 'C',
        'gen_ai.provider.name': provider,
        'gen_ai.request.model': model,
        'gen_ai.usage.input_tokens': 3000,
        'gen_ai.usage.output_tokens': 400,
        'gen_ai.usage.cache_read.input_tokens': 2183,
        'gen_ai.usage.reasoning_tokens': 300,
        ...more,
      },
      events: [],
      resource: {},
      scopeName,
    });
    assert.ok(fact?.type === 'stage');
    return [fact.usage?.inputTokens, fact.usage?.outputTokens];
  };
  const python = 'opentelemetry.instrumentation';
  const openlit = 'openlit.otel.tracing';
  const claude = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
  // OpenLLMetry's total is of its own making: it is the sum of what it has, and proves nothing.
  const total = { 'gen_ai.usage.total_tokens': 3400 };
  assert.deepEqual(used(`${python}.bedrock`, 'aws.bedrock', claude, total), [5183, 400]);
  assert.deepEqual(
    used(`${python}.botocore.bedrock-runtime`, 'aws.bedrock', 'amazon.nova-pro-v1:0'),
    [5183, 400],
  );
  assert.deepEqual(used(openlit, 'anthropic', 'claude-haiku-4-5'), [5183, 400]);
  assert.deepEqual(used('@openlit/instrumentation-bedrock', 'aws.bedrock', claude), [5183, 400]);
  assert.deepEqual(
    used('my.own', 'anthropic', 'claude-haiku-4-5', { 'telemetry.sdk.name': 'openlit' }),
    [5183, 400],
  );
  assert.deepEqual(used(openlit, 'gcp.gemini', 'gemini-2.5-flash'), [3000, 700]);
  assert.deepEqual(used(openlit, 'openai', 'gpt-5-mini'), [3000, 400]);
  assert.deepEqual(used(`${python}.anthropic`, 'anthropic', 'claude-haiku-4-5'), [3000, 400]);
  assert.deepEqual(used(`${python}.langchain`, 'aws.bedrock', claude), [3000, 400]);
  assert.deepEqual(used(`${python}.google_genai`, 'gcp.gemini', 'gemini-2.5-flash'), [3000, 400]);
});
