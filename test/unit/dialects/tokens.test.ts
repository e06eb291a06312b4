import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tokenUsage } from '../../../exporter/dialects/tokens.ts';

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
    'details.cache_write_tokens',
    'details.cache_creation_input_tokens',
    'input_token_details.cache_creation',
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

test('where all tokens were text, none was audio', () => {
  const { inputAudioTokens, outputAudioTokens } =
    usage({ 'text.input_tokens': 9000, 'text.output_tokens': 60 }) ?? assert.fail();
  assert.deepEqual([inputAudioTokens, outputAudioTokens], [0, undefined]);
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
