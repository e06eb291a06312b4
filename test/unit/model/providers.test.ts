import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelOf, PROVIDERS, providerAt, providerOf } from '../../../model/providers.ts';

test('a provider is named as the conventions and price lists name it, whatever it was reported as', () => {
  const names: readonly (readonly [reported: unknown, provider: string | undefined])[] = [
    // Names, in any case.
    ['OpenAI', 'openai'],
    ['Deepgram', 'deepgram'],
    ['azure.ai.openai', 'azure.ai.openai'],
    ['gcp.vertex_ai', 'gcp.vertex_ai'],
    ['aws.bedrock', 'aws.bedrock'],
    // The AI SDK: a provider and its API.
    ['openai.chat', 'openai'],
    ['openai.responses', 'openai'],
    ['openai.speech', 'openai'],
    ['groq.transcription', 'groq'],
    ['anthropic.messages', 'anthropic'],
    ['google.generative-ai', 'gcp.gemini'],
    ['google.vertex.chat', 'gcp.vertex_ai'],
    ['google.vertex.anthropic.messages', 'gcp.vertex_ai'],
    ['azure.responses', 'azure.ai.openai'],
    ['amazon-bedrock', 'aws.bedrock'],
    ['xai.chat', 'x_ai'],
    ['mistral.chat', 'mistral_ai'],
    ['togetherai.chat', 'together'],
    ['gateway', 'gateway'],
    ['Acme.chat', 'acme'],
    ['googleish.chat', 'googleish'],
    // Classes of frameworks.
    ['deepgram.STT', 'deepgram'],
    ['tone.TTS', 'tone'],
    ['livekit.plugins.deepgram.stt.STT', 'deepgram'],
    ['livekit.plugins.google.llm', 'gcp.gemini'],
    ['livekit.plugins.deepgram.stt_v2.STTv2', 'deepgram'],
    ['deepgram.STTv2', 'deepgram'],
    ['inference.TTS', 'livekit'],
    ['livekit.agents.inference.stt.STT', 'livekit'],
    ['tts.StreamAdapter<cartesia.TTS>', 'cartesia'],
    ['tts.FallbackAdapter', undefined],
    ['livekit.agents.tts.stream_adapter.StreamAdapter', undefined],
    ['deepgramflux', 'deepgram'],
    ['cartesiahttp', 'cartesia'],
    ['elevenlabsrealtime', 'elevenlabs'],
    ['Eleven Labs', 'elevenlabs'],
    // Other instrumentations.
    ['vertexai', 'gcp.vertex_ai'],
    ['vertex_ai', 'gcp.vertex_ai'],
    ['google_generativeai', 'gcp.gemini'],
    ['gemini', 'gcp.gemini'],
    ['azure', 'azure.ai.openai'],
    ['azure_openai', 'azure.ai.openai'],
    ['bedrock', 'aws.bedrock'],
    ['bedrock_converse', 'aws.bedrock'],
    ['Vertex AI', 'gcp.vertex_ai'],
    ['gcp.vertex.agent', 'gcp.vertex_ai'],
    ['google-gla', 'gcp.gemini'],
    ['Amazon Polly', 'aws.polly'],
    // Hosts.
    ['api.openai.com', 'openai'],
    ['api.groq.com', 'groq'],
    // What says nothing.
    ['unknown', undefined],
    ['', undefined],
    [' ', undefined],
    [undefined, undefined],
    [7, undefined],
  ];
  for (const [reported, provider] of names) assert.equal(providerOf(reported), provider, String(reported));
});

test('the provider behind a base URL goes by its host', () => {
  const hosts: Record<string, string | undefined> = {
    'https://api.openai.com/v1': 'openai',
    'https://api.groq.com/openai/v1': 'groq',
    'https://api.deepseek.com': 'deepseek',
    'https://luigi.openai.azure.com/openai': 'azure.ai.openai',
    'https://luigi.cognitiveservices.azure.com/openai': 'azure.ai.openai',
    'https://luigi.services.ai.azure.com/models': 'azure.ai.inference',
    'https://api.mistral.ai/v1': 'mistral_ai',
    'https://generativelanguage.googleapis.com/v1beta/openai/': 'gcp.gemini',
    'https://us-central1-aiplatform.googleapis.com/v1': 'gcp.vertex_ai',
    'http://127.0.0.1:8080/v1': undefined,
    'https://groq.com.example.org/v1': undefined,
    'https://not-openai.com/v1': undefined,
    'not a url': undefined,
  };
  for (const [url, provider] of Object.entries(hosts)) assert.equal(providerAt(url), provider, url);
  assert.equal(providerAt(undefined), undefined);
});

test('a name or a host stands for one provider only', () => {
  const words = Object.entries<{ aliases?: readonly string[]; hosts?: readonly string[] }>(PROVIDERS).flatMap(
    ([name, { aliases = [], hosts = [] }]) => [name, ...aliases, ...hosts],
  );
  assert.deepEqual(words.toSorted(), [...new Set(words)].sort());
  assert.deepEqual(
    words,
    words.map((word) => word.toLowerCase()),
  );
});

test('a label in the place of a model is none', () => {
  assert.deepEqual(['deepgram.STT', 'unknown', 'gpt-4.1', 'eleven_flash_v2_5'].map(modelOf), [
    undefined,
    undefined,
    'gpt-4.1',
    'eleven_flash_v2_5',
  ]);
});
