import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCancellation } from '../../../exporter/dialects/cancellation.ts';
import { readFact } from '../../../exporter/dialects/index.ts';
import { finalizeCall } from '../../../exporter/finalize.ts';
import type { Fact } from '../../../model/facts.ts';
import type { SpanRecord } from '../../../model/span-record.ts';
import { RECORDING_PRICES } from '../../support/recorded-rows.ts';

const CALLED_OFF = [
  'CancelledError',
  'asyncio.CancelledError',
  'asyncio.exceptions.CancelledError',
  'concurrent.futures._base.CancelledError',
  'anyio.Cancelled',
  'trio.Cancelled',
  'GeneratorExit',
  'builtins.GeneratorExit',
  'AbortError',
  'DOMException.AbortError',
  'APIUserAbortError',
  'ResponseAborted',
  'RequestAbortedError',
  'ABORT_ERR',
  'UND_ERR_ABORTED',
  'CanceledError',
  'ERR_CANCELED',
  'System.Threading.Tasks.TaskCanceledException',
  'System.OperationCanceledException',
  'java.util.concurrent.CancellationException',
  'kotlinx.coroutines.JobCancellationException',
  'StatusCode.CANCELLED',
  'context canceled',
  'DOMException [AbortError]',
  'request_aborted',
  'net::ERR_ABORTED',
  '499',
];

const FAILED = [
  '_OTHER',
  'TimeoutError',
  'ConnectionAbortedError',
  'ECONNABORTED',
  'ABORTED',
  'APIConnectionError',
  'RateLimitError',
  'CancellationPolicyError',
  'kotlinx.coroutines.TimeoutCancellationException',
  '429',
  '500',
];

test('work that was called off is told from work that failed, in whatever language it ran', () => {
  for (const name of CALLED_OFF) assert.ok(isCancellation(name), name);
  for (const name of FAILED) assert.ok(!isCancellation(name), name);
});

let spans = 0;
const chat = (more: Partial<SpanRecord>): Fact => {
  const fact = readFact({
    traceId: 'trace',
    spanId: `c${++spans}`,
    name: 'chat gpt-4o-mini',
    startUs: 0,
    endUs: 1_000_000,
    statusCode: 2,
    events: [],
    resource: {},
    ...more,
    attributes: {
      'voice.call.id': 'c19',
      'voice.turn.index': 0,
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o-mini',
      ...more.attributes,
    },
  });
  assert.ok(fact);
  return fact;
};

const exception = (type: string, timeUs = 900_000) => ({
  name: 'exception',
  timeUs,
  attributes: { 'exception.type': type },
});

test('an answer that was cut off is not an error, and what it used is unpriced by name', () => {
  for (const errorType of ['CancelledError', 'GeneratorExit', 'AbortError']) {
    const { metrics, logs } = finalizeCall(
      [chat({ attributes: { 'error.type': errorType } })],
      RECORDING_PRICES,
    );
    assert.deepEqual([logs[0]?.error_type, metrics.unpriced], [null, ['llm:openai/gpt-4o-mini']]);
  }
});

test('an answer of 0 tokens that was cut off has an unknown length: its prompt alone is not its price', () => {
  const usage = { 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 0 };
  const { metrics } = finalizeCall(
    [chat({ attributes: { 'error.type': 'CancelledError', ...usage } })],
    RECORDING_PRICES,
  );
  assert.deepEqual(
    [metrics.llm_input_tokens, metrics.llm_output_tokens, metrics.cost_llm, metrics.unpriced],
    [100, null, null, ['llm:openai/gpt-4o-mini']],
  );
});

test('so is one whose reason to stop is `error`, without an error', () => {
  const attributes = {
    'gen_ai.usage.input_tokens': 100,
    'gen_ai.usage.output_tokens': 0,
    'gen_ai.response.finish_reasons': ['error'],
  };
  const { metrics } = finalizeCall([chat({ attributes })], RECORDING_PRICES);
  assert.deepEqual([metrics.cost_llm, metrics.unpriced], [null, ['llm:openai/gpt-4o-mini']]);
});

test('a request that failed keeps its error and costs nothing', () => {
  const { metrics, logs } = finalizeCall(
    [chat({ attributes: { 'error.type': 'RateLimitError' } })],
    RECORDING_PRICES,
  );
  assert.deepEqual([logs[0]?.error_type, metrics.unpriced], ['RateLimitError', []]);
});

test('the exception that was recorded last says what happened, where the span only says that it failed', () => {
  const cut = chat({
    events: [exception('ValueError', 100), exception('asyncio.exceptions.CancelledError')],
  });
  assert.deepEqual([cut.errorType, cut.type === 'stage' && cut.cancelled], [undefined, true]);
  const other = { attributes: { 'error.type': '_OTHER' }, events: [exception('CancelledError')] };
  assert.equal(chat(other).errorType, undefined);
  assert.equal(chat({ events: [exception('openai.RateLimitError')] }).errorType, 'openai.RateLimitError');
  assert.equal(chat({}).errorType, '_OTHER');
});

test('an exception that was dealt with is not a failure', () => {
  assert.equal(chat({ statusCode: 0, events: [exception('ValueError')] }).errorType, undefined);
});

test('every dialect, and every kind of span, is told the same way', () => {
  const attributes = { 'error.type': 'CancelledError' };
  const livekit = chat({ scopeName: 'livekit-agents', name: 'llm_request', attributes });
  const pipecat = chat({ scopeName: 'pipecat', name: 'tts', attributes });
  const openinference = chat({
    attributes: { ...attributes, 'openinference.span.kind': 'LLM', 'session.id': 's' },
  });
  const traceloop = chat({ scopeName: '@traceloop/instrumentation-openai', attributes });
  for (const fact of [livekit, pipecat, openinference, traceloop]) {
    assert.deepEqual([fact.errorType, fact.type === 'stage' && fact.cancelled], [undefined, true], fact.name);
  }
  const unknown = chat({ name: 'mine', attributes: { ...attributes, 'gen_ai.operation.name': '' } });
  assert.deepEqual([unknown.type, unknown.errorType], ['other', undefined]);
});
