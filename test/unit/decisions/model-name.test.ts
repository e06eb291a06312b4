import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isServedBy, parseModelName } from '../../../exporter/decisions/model-name.ts';

test('a model is named with its provider, and may have strokes of its own', () => {
  assert.deepEqual(parseModelName('openai/gpt-4.1-mini'), { provider: 'openai', model: 'gpt-4.1-mini' });
  assert.deepEqual(parseModelName('groq/openai/gpt-oss-20b'), {
    provider: 'groq',
    model: 'openai/gpt-oss-20b',
  });
  for (const text of ['gpt-4.1-mini', '/gpt', 'openai/', 'openai/gpt 4', ''])
    assert.equal(parseModelName(text), undefined);
});

test('a dated issue of a model is that model, a sibling is not', () => {
  const name = { provider: 'openai', model: 'gpt-4.1' };
  const served = (model: string, requestedModel?: string) =>
    isServedBy({ provider: 'OpenAI', model, ...(requestedModel && { requestedModel }) }, name);
  assert.ok(served('gpt-4.1'));
  assert.ok(served('gpt-4.1-2025-04-14'));
  assert.ok(served('some-alias', 'GPT-4.1'));
  assert.ok(!served('gpt-4.1-mini'));
  assert.ok(!served('gpt-4.1-mini-2025-04-14'));
  assert.ok(!isServedBy({ provider: 'azure', model: 'gpt-4.1' }, name));
});
