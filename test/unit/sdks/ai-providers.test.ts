import assert from 'node:assert/strict';
import { test } from 'node:test';
import { providerOf } from '../../../instrumentation/sdks/ai/providers.ts';

test('a provider of the AI SDK is named as price lists and conventions name it', () => {
  const names: readonly (readonly [reported: unknown, provider: string | undefined])[] = [
    ['openai.chat', 'openai'],
    ['openai.responses', 'openai'],
    ['openai.speech', 'openai'],
    ['groq.transcription', 'groq'],
    ['anthropic.messages', 'anthropic'],
    ['google.generative-ai', 'gcp.gemini'],
    ['google.vertex.chat', 'gcp.vertex_ai'],
    ['azure.responses', 'azure.ai.openai'],
    ['amazon-bedrock', 'aws.bedrock'],
    ['xai.chat', 'x_ai'],
    ['mistral.chat', 'mistral_ai'],
    ['gateway', 'gateway'],
    ['Acme.chat', 'acme'],
    ['googleish.chat', 'googleish'],
    ['', undefined],
    [undefined, undefined],
  ];
  for (const [reported, provider] of names) assert.equal(providerOf(reported), provider, String(reported));
});
