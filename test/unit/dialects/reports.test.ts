import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFact } from '../../../exporter/dialects/index.ts';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import { splitCalls } from '../../../exporter/store/split.ts';
import type { CallLogRow, CallMetricsRow, CallRows } from '../../../model/rows.ts';
import { caseCalls } from '../../support/otlp-json.ts';

/** The right values of test/fixtures/cases, each with how it follows. */
const rowsOf = (name: string): CallRows[] =>
  [...caseCalls(name).values()].flatMap((facts) =>
    splitCalls(facts, 3_600_000_000).map((call) => finalizeCall(call, catalogue())),
  );
const only = (name: string): CallRows => {
  const [rows, ...others] = rowsOf(name);
  assert.ok(rows !== undefined && others.length === 0);
  return rows;
};
const pick = <Row extends object>(row: Row | undefined, ...columns: (keyof Row)[]): unknown[] =>
  columns.map((column) => row?.[column]);
const log = ({ logs }: CallRows, index: number, ...columns: (keyof CallLogRow)[]) =>
  pick(logs[index], ...columns);
const metric = ({ metrics }: CallRows, ...columns: (keyof CallMetricsRow)[]) => pick(metrics, ...columns);

test("Pipecat's turn starts with the user's speech at 10.0 s: that is no silence of 8.8 s", () => {
  const rows = only('pipecat-no-latency');
  assert.deepEqual(log(rows, 0, 'initiator', 'eou_latency'), ['agent', null]);
  assert.deepEqual(log(rows, 1, 'initiator', 'eou_latency', 'eou_source', 'latency_stt'), [
    'user',
    null,
    null,
    null,
  ]);
  assert.deepEqual(log(rows, 1, 'ttfb_llm', 'ttfb_tts'), [0.45, 0.2]);
});

test('answers that a barge-in cut off are no errors, and what they used is unpriced', () => {
  const rows = only('cancelled-requests');
  assert.deepEqual(log(rows, 0, 'error_type', 'ttfb_llm', 'latency_llm'), [null, 0.4, null]);
  assert.deepEqual(metric(rows, 'unpriced', 'cost_llm'), [['llm:openai/gpt-4o-mini'], null]);
});

test('a caller who comes back after three days, under one conversation, has called twice', () => {
  assert.deepEqual(
    rowsOf('returning-caller').map((rows) => metric(rows, 'call_id', 'duration_seconds', 'llm_input_tokens')),
    [
      ['c20-thread-of-a-returning-caller', 61, 200],
      ['c20-thread-of-a-returning-caller#2', 61, 200],
    ],
  );
});

test('a synthesis by a clock that is 4.2 s behind keeps its lengths, and is compared with nothing', () => {
  const rows = only('clock-skew');
  assert.deepEqual(log(rows, 0, 'ttfb_llm', 'latency_llm', 'ttfb_tts', 'latency_tts'), [0.4, 0.8, 0.2, 1.2]);
  assert.deepEqual(log(rows, 0, 'eou_latency', 'segment_tts', 'segment_playout'), [null, null, null]);
  assert.equal(rows.metrics.clock_skew_count, 1);
});

test("where LiveKit measured no delay, its user's voice fell silent at 5.0 s and the agent was heard at 7.2 s", () => {
  const rows = only('livekit-user-speaking');
  assert.deepEqual(log(rows, 0, 'eou_latency', 'eou_source', 'segment_endpointing'), [2.2, 'framework', 0.8]);
});

test('a caller who hangs up in mid-answer has not barged in', () => {
  const rows = only('livekit-hangup');
  assert.deepEqual(log(rows, 0, 'interrupted', 'interruption_kind', 'cut_off_by'), [false, null, 'hangup']);
  assert.deepEqual(metric(rows, 'interruption_count', 'interruption_rate'), [0, 0]);
});

test("requests of Traceloop's instrumentations count, whatever their scope", () => {
  const rows = rowsOf('traceloop-scopes');
  assert.equal(rows.length, 6);
  for (const call of rows) assert.deepEqual(metric(call, 'llm_input_tokens', 'llm_output_tokens'), [100, 10]);
});

test('attributes cut at a length limit are unknown: the synthesis was not cut off', () => {
  const rows = only('livekit-cut-attributes');
  assert.deepEqual(log(rows, 0, 'llm_input_tokens', 'llm_output_tokens'), [200, 30]);
  assert.deepEqual(log(rows, 0, 'tts_characters', 'ttfb_tts', 'latency_tts', 'eou_latency'), [
    null,
    null,
    null,
    1.55,
  ]);
  const [facts = []] = caseCalls('livekit-cut-attributes').values();
  const synthesis = facts.find((fact) => fact.type === 'stage' && fact.stage === 'tts');
  assert.ok(synthesis?.type === 'stage' && synthesis.cancelled === undefined);
});

test('a synthesis that was cut off before its first audio was heard by no one', () => {
  const rows = only('livekit-cut-synthesis');
  assert.deepEqual(log(rows, 0, 'interrupted', 'eou_latency', 'ttfb_tts'), [false, null, null]);
  assert.equal(rows.metrics.unanswered_count, 1);
});

test('0.104 s is the time to the interruption, and nothing was heard that could be interrupted', () => {
  const rows = only('pipecat-cut-request');
  assert.deepEqual(log(rows, 1, 'ttfb_llm', 'interrupted', 'eou_latency'), [null, false, null]);
  assert.deepEqual(metric(rows, 'ttfb_llm_avg', 'interruption_count', 'unanswered_count'), [0.62, 0, 1]);
});

test("the AI SDK's request that Sentry renamed is one request of its session", () => {
  assert.deepEqual(
    metric(only('sentry-ai-sdk'), 'call_id', 'llm_input_tokens', 'llm_output_tokens', 'llm_cached_tokens'),
    ['c44', 361, 22, null],
  );
});

test("Pipecat's services are priced as their providers", () => {
  const unpriced = rowsOf('pipecat-services').flatMap((rows) => rows.metrics.unpriced);
  // By tokens, of which Pipecat reports none.
  assert.deepEqual(unpriced, ['tts:openai/gpt-4o-mini-tts']);
  const [flux] = rowsOf('pipecat-services');
  assert.deepEqual(flux && [flux.metrics.cost_stt?.toFixed(4), flux.metrics.cost_tts?.toFixed(4)], [
    '0.0065',
    '0.0050',
  ]);
});

test("a prompt of Claude's without its cache, of which a limit cut the account, has no price", () => {
  const fact = readFact({
    traceId: 'trace',
    spanId: 'span',
    name: 'ai.streamText.doStream',
    scopeName: 'ai',
    startUs: 0,
    endUs: 1_000_000,
    statusCode: 0,
    events: [],
    resource: {},
    attributes: {
      'voice.call.id': 'c',
      'ai.operationId': 'ai.streamText.doStream',
      'ai.model.provider': 'anthropic.messages',
      'ai.model.id': 'claude-haiku-4-5',
      'ai.usage.inputTokens': 4,
      'ai.usage.outputTokens': 104,
      'ai.response.finishReason': 'stop',
      'ai.response.providerMetadata': '{"anthropic":{"usage":{"input_tokens":4,"cache_crea',
    },
  });
  assert.ok(fact);
  const { metrics } = finalizeCall([fact], catalogue());
  assert.deepEqual(
    [metrics.llm_input_tokens, metrics.llm_output_tokens, metrics.cost_llm, metrics.unpriced],
    [null, 104, null, ['llm:anthropic/claude-haiku-4-5']],
  );
});
