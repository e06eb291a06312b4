import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFact } from '../../../exporter/dialects/index.ts';
import type { StageFact } from '../../../model/facts.ts';
import type { SpanRecord } from '../../../model/span-record.ts';

const callOf = (scopeName: string, attributes: SpanRecord['attributes']): string | undefined =>
  readFact({
    traceId: 't',
    spanId: 's',
    name: 'chat',
    startUs: 0,
    endUs: 1,
    statusCode: 0,
    attributes,
    events: [],
    resource: {},
    scopeName,
  })?.callId;

test('each vocabulary names the call in its own way; our own name comes first', () => {
  const tl = 'traceloop.association.properties';
  assert.equal(callOf('x', { 'openinference.span.kind': 'LLM', 'session.id': 'S1' }), 'S1');
  assert.equal(callOf('@traceloop/instrumentation-openai', { [`${tl}.session_id`]: 'S2' }), 'S2');
  assert.equal(
    callOf('opentelemetry.instrumentation.openai.v1', {
      [`${tl}.call_id`]: 'S3',
      [`${tl}.session_id`]: 'S4',
    }),
    'S3',
  );
  assert.equal(callOf('ai', { 'ai.operationId': 'ai.toolCall', 'ai.telemetry.metadata.callId': 'S5' }), 'S5');
  assert.equal(callOf('x', { 'gen_ai.operation.name': 'chat', 'gen_ai.conversation.id': 'S6' }), 'S6');
  const both = { 'openinference.span.kind': 'LLM', 'session.id': 'S1', 'voice.call.id': 'C1' };
  assert.equal(callOf('x', both), 'C1');
});

test('an id of a session is not a call where nothing says that it is one', () => {
  assert.equal(callOf('x', { 'session.id': 'S1' }), undefined);
  assert.equal(callOf('x', { 'gen_ai.operation.name': 'chat' }), undefined);
});

test('usage by the older names is read where the newer are absent, and 0 of both is unknown', () => {
  const usageOf = (attributes: SpanRecord['attributes']) => {
    const fact = readFact({
      traceId: 't',
      spanId: 's',
      name: 'chat',
      startUs: 0,
      endUs: 1,
      statusCode: 0,
      attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.conversation.id': 'C', ...attributes },
      events: [],
      resource: {},
    });
    return fact?.type === 'stage' ? fact.usage : undefined;
  };
  const old = { 'gen_ai.usage.prompt_tokens': 5, 'gen_ai.usage.completion_tokens': 2 };
  assert.deepEqual(usageOf(old), { inputTokens: 5, outputTokens: 2 });
  assert.deepEqual(usageOf({ ...old, 'gen_ai.usage.input_tokens': 7 }), { inputTokens: 7, outputTokens: 2 });
  const oldest = { 'llm.usage.prompt_tokens': 5, 'llm.usage.completion_tokens': 2 };
  assert.deepEqual(usageOf(oldest), { inputTokens: 5, outputTokens: 2 });
  assert.equal(usageOf({ 'gen_ai.usage.input_tokens': 0, 'gen_ai.usage.output_tokens': 0 }), undefined);
});

/** What a finished span of this scope says. */
const stageOf = (scopeName: string, attributes: SpanRecord['attributes']) => {
  const fact = readFact({
    traceId: 't',
    spanId: 's',
    name: 'span',
    startUs: 0,
    endUs: 1_000_000,
    statusCode: 0,
    attributes,
    events: [],
    resource: {},
    scopeName,
  });
  assert.ok(fact?.type === 'stage');
  return fact;
};

test("OpenLLMetry's older and newer names say the same", () => {
  const call = { 'traceloop.association.properties.call_id': 'C' };
  const models = { 'gen_ai.request.model': 'gpt-4o-mini', 'gen_ai.response.model': 'gpt-4o-mini-2024-07-18' };
  const old = stageOf('opentelemetry.instrumentation.openai.v1', {
    ...call,
    ...models,
    'llm.request.type': 'chat',
    'gen_ai.system': 'OpenAI',
    'gen_ai.usage.prompt_tokens': 120,
    'gen_ai.usage.completion_tokens': 9,
    'gen_ai.usage.cache_read_input_tokens': 100,
    'gen_ai.usage.reasoning_tokens': 4,
    'llm.usage.total_tokens': 129,
  });
  const newer = stageOf('opentelemetry.instrumentation.openai.v1', {
    ...call,
    ...models,
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.usage.input_tokens': 120,
    'gen_ai.usage.output_tokens': 9,
    'gen_ai.usage.cache_read.input_tokens': 100,
    'gen_ai.usage.reasoning.output_tokens': 4,
    'gen_ai.usage.total_tokens': 129,
  });
  assert.deepEqual(newer, old);
  assert.deepEqual(newer.usage, {
    inputTokens: 120,
    outputTokens: 9,
    cachedInputTokens: 100,
    reasoningTokens: 4,
  });
  assert.deepEqual([newer.provider, newer.model], ['openai', 'gpt-4o-mini']);
});

test("OpenLLMetry's tools by both names are tools", () => {
  const scope = 'opentelemetry.instrumentation.openai_agents';
  const call = { 'traceloop.association.properties.call_id': 'C' };
  const old = stageOf(scope, { ...call, 'traceloop.span.kind': 'tool', 'traceloop.entity.name': 'hours' });
  const newer = stageOf(scope, {
    ...call,
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'hours',
  });
  assert.deepEqual(newer, old);
  assert.deepEqual([newer.stage, newer.toolName], ['tool', 'hours']);
});

test("the AI SDK's tool is one under its own names and under those that Sentry gives it", () => {
  const own = stageOf('ai', {
    'ai.operationId': 'ai.toolCall',
    'ai.toolCall.name': 'hours',
    'ai.telemetry.metadata.callId': 'C',
  });
  const renamed = { 'vercel.ai.telemetry.metadata.callId': 'C', 'gen_ai.tool.name': 'hours' };
  const older = stageOf('ai', { ...renamed, 'vercel.ai.operationId': 'ai.toolCall' });
  const newer = stageOf('ai', { ...renamed, 'gen_ai.operation.name': 'execute_tool' });
  assert.deepEqual([older, newer], [own, own]);
  assert.deepEqual([own.stage, own.toolName, own.callId], ['tool', 'hours', 'C']);
});

const requestOf = (
  attributes: SpanRecord['attributes'],
  { scopeName = 'x', events = [] as SpanRecord['events'] } = {},
): StageFact => {
  const fact = readFact({
    traceId: 't',
    spanId: 's',
    name: 'chat',
    startUs: 1_000_000,
    endUs: 2_000_000,
    statusCode: 0,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.conversation.id': 'C',
      'gen_ai.provider.name': 'openai',
      ...attributes,
    },
    events,
    resource: {},
    scopeName,
  });
  assert.ok(fact?.type === 'stage');
  return fact;
};

test("a maker's client that asks another's server is of that server's provider", () => {
  for (const [provider, at, expected] of [
    ['openai', { 'server.address': 'api.groq.com' }, 'groq'],
    ['openai', { 'server.address': 'openrouter.ai' }, 'openrouter'],
    ['openai', { 'server.address': 'acme.openai.azure.com' }, 'azure.ai.openai'],
    ['openai', { 'server.address': 'generativelanguage.googleapis.com' }, 'gcp.gemini'],
    ['openai', { 'gen_ai.openai.api_base': 'https://api.cerebras.ai/v1/' }, 'cerebras'],
    ['anthropic', { 'server.address': 'us-east5-aiplatform.googleapis.com' }, 'gcp.vertex_ai'],
    ['openai', { 'server.address': 'api.openai.com' }, 'openai'],
    ['openai', { 'server.address': 'llm.internal' }, 'openai'],
    ['openai', { 'server.address': 'not a host' }, 'openai'],
    ['groq', { 'server.address': 'api.openai.com' }, 'groq'],
  ] as const) {
    const named = { 'gen_ai.provider.name': provider, ...at };
    assert.equal(requestOf(named).provider, expected, JSON.stringify(named));
  }
});

test('the first chunk of an answer is known by any of its names, or by the first event of a chunk', () => {
  for (const name of [
    'gen_ai.response.time_to_first_chunk',
    'gen_ai.server.time_to_first_token',
    'gen_ai.response.time_to_first_token',
  ]) {
    assert.equal(requestOf({ [name]: 0.35 }).firstByteUs, 1_350_000, name);
  }
  assert.equal(requestOf({ 'gen_ai.server.time_to_first_token': 0 }).firstByteUs, undefined);
  for (const name of ['gen_ai.content.completion.chunk', 'llm.content.completion.chunk']) {
    const events = [1_700_000, 1_400_000].map((timeUs) => ({ name, timeUs }));
    assert.equal(requestOf({ 'llm.request.type': 'chat' }, { events }).firstByteUs, 1_400_000, name);
  }
});

test("OpenLIT's audio is a synthesis, or the transcription of a recording; its guess of tokens is none", () => {
  const guess = { 'gen_ai.operation.name': 'audio', 'gen_ai.usage.input_tokens': 20 };
  const spoken = requestOf({ ...guess, 'gen_ai.output.type': 'mp3_44100_128' });
  assert.deepEqual([spoken.stage, spoken.usage], ['tts', undefined]);
  const heard = requestOf({ ...guess, 'gen_ai.output.type': 'text', 'gen_ai.request.audio_duration': 61 });
  assert.deepEqual([heard.stage, heard.streaming, heard.usage], ['stt', false, { audioSeconds: 61 }]);
});

test("the AI SDK's tier is the one that the provider's own object tells", () => {
  const tierOf = (metadata: object) =>
    requestOf(
      {
        'ai.operationId': 'ai.streamText.doStream',
        'ai.response.providerMetadata': JSON.stringify(metadata),
      },
      { scopeName: 'ai' },
    ).serviceTier;
  assert.equal(tierOf({ openai: { serviceTier: 'priority' } }), 'priority');
  assert.equal(tierOf({ anthropic: { usage: { service_tier: 'batch' } } }), 'batch');
  assert.equal(tierOf({ openai: {} }), undefined);
});

test('a request by any name of its operation is one', () => {
  for (const operation of [
    'chat',
    'responses',
    'chat.completions',
    'chat.streaming_completions',
    'text_completions',
    'generate_content',
  ]) {
    assert.equal(requestOf({ 'gen_ai.operation.name': operation }).stage, 'llm', operation);
  }
});

test('the number of a conversation in a table is an id, too', () => {
  assert.equal(requestOf({ 'gen_ai.conversation.id': 42 }).callId, '42');
  assert.equal(requestOf({ 'voice.call.id': 4711 }).callId, '4711');
  assert.equal(callOf('x', { 'gen_ai.operation.name': 'chat', 'gen_ai.conversation.id': 4.2 }), undefined);
});
