import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFact } from '../../../exporter/dialects/index.ts';
import { finalizeCall } from '../../../exporter/finalize.ts';
import type { Fact } from '../../../model/facts.ts';
import type { SpanRecord } from '../../../model/span-record.ts';
import { RECORDING_PRICES } from '../../support/recorded-rows.ts';

/** A span of Pipecat's; times are seconds. */
const read = (
  name: string,
  spanId: string,
  attributes: SpanRecord['attributes'],
  start = 0,
  end = 1,
): Fact => {
  const fact = readFact({
    traceId: 'conversation',
    spanId,
    name,
    startUs: start * 1e6,
    endUs: end * 1e6,
    statusCode: 0,
    attributes,
    events: [],
    resource: {},
    scopeName: name === 'turn' ? 'pipecat.turn' : 'pipecat',
  });
  assert.ok(fact);
  return fact;
};

const turn = (number: number, more: SpanRecord['attributes'] = {}, start = number, end = number + 1) =>
  read('turn', `t${number}`, { 'turn.number': number, ...more }, start, end);

const interrupted = (...facts: Fact[]) =>
  finalizeCall(facts, RECORDING_PRICES).logs.map((log) => log.interrupted);

test('a turn that was cut off and is followed by another was interrupted', () => {
  assert.deepEqual(interrupted(turn(1, { 'turn.was_interrupted': true }), turn(2)), [true, false]);
});

test('a hang-up is no interruption, whether the conversation says so or only ends', () => {
  const flagged = { 'turn.was_interrupted': true, 'turn.ended_by_conversation_end': true };
  assert.deepEqual(interrupted(turn(1, flagged)), [false]);
  assert.deepEqual(interrupted(turn(1, flagged), turn(2)), [false, false]);
  assert.deepEqual(interrupted(turn(1), turn(2, { 'turn.was_interrupted': true })), [false, false]);
});

test('numbers start at 1, and a turn without a number is a span that nobody knows', () => {
  const first = turn(1);
  assert.equal(first.type === 'turn' && first.turnIndex, 0);
  for (const number of [0, -1, 0.5, Number.NaN]) assert.equal(turn(number).type, 'other');
});

test('the silence is counted back from the first audio', () => {
  const facts = [
    turn(1, {}, 0, 3),
    turn(2, { 'turn.user_bot_latency_seconds': 1.25 }, 4, 9),
    { ...read('tts', 'tts', { 'metrics.ttfb': 0.2 }, 6, 8), parentSpanId: 't2' },
  ];
  const [opening, answer] = finalizeCall(facts, RECORDING_PRICES).logs;
  assert.deepEqual([opening?.initiator, opening?.eou_latency], ['agent', null]);
  assert.deepEqual(
    [answer?.initiator, answer?.eou_latency, answer?.eou_source, answer?.segment_tts],
    ['user', 1.25, 'framework', 0.2],
  );
});

test('a latency that nothing places is still the latency', () => {
  const [row] = finalizeCall([turn(3, { 'turn.user_bot_latency_seconds': 0.9 })], RECORDING_PRICES).logs;
  assert.deepEqual([row?.eou_latency, row?.segment_playout], [0.9, 0.9]);
});

test('a latency of minutes is an error of measurement', () => {
  const fact = turn(2, { 'turn.user_bot_latency_seconds': 200 });
  assert.equal(fact.type === 'turn' && fact.reportedEouLatencySeconds, undefined);
});

test("Anthropic's cached tokens are counted apart, OpenAI's are not", () => {
  const usage = {
    'gen_ai.usage.input_tokens': 120,
    'gen_ai.usage.cache_read.input_tokens': 100,
    'gen_ai.usage.cache_creation.input_tokens': 8,
    'gen_ai.usage.output_tokens': 12,
  };
  const inputOf = (provider: string) => {
    const fact = read('llm', 'l', { ...usage, 'gen_ai.provider.name': provider });
    return fact.type === 'stage' ? fact.usage?.inputTokens : undefined;
  };
  assert.deepEqual([inputOf('anthropic'), inputOf('aws.bedrock'), inputOf('openai')], [228, 228, 120]);
});

test("a transcription's ttfb is no first byte; its audio is usage", () => {
  const fact = read('stt', 's', { 'metrics.ttfb': 0.35, 'metrics.audio_seconds': 4.2 });
  assert.ok(fact.type === 'stage');
  assert.deepEqual([fact.firstByteUs, fact.usage], [undefined, { audioSeconds: 4.2 }]);
});
