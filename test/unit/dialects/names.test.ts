import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFact } from '../../../exporter/dialects/index.ts';
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
  assert.equal(usageOf({ 'gen_ai.usage.input_tokens': 0, 'gen_ai.usage.output_tokens': 0 }), undefined);
});
