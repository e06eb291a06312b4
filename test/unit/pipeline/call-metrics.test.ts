import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { Decimal } from 'decimal.js';
import fc from 'fast-check';
import { recordCallMetrics } from '../../../exporter/metrics/call-metrics.ts';
import { measureCall } from '../../../exporter/metrics/measure-call.ts';
import { METRIC } from '../../../model/semconv.ts';
import { logRow, metricsRow } from '../../support/call-rows.ts';

/** What one call's metrics are, by name: attributes and value of each point. */
async function measured(rows: Parameters<typeof measureCall>[0]) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  metrics.disable();
  metrics.setGlobalMeterProvider(provider);
  await recordCallMetrics(measureCall(rows));
  await reader.forceFlush();
  const found = new Map(
    exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
      .map((metric) => [
        metric.descriptor.name,
        metric.dataPoints.map((point) => ({ labels: point.attributes, value: point.value })),
      ]),
  );
  await provider.shutdown();
  metrics.disable();
  return found;
}

const llm = (turnIndex: number, model: string | null, cost: string | null) =>
  logRow('C1', turnIndex, {
    llm_provider: model === null ? null : 'groq',
    llm_model: model,
    cost_llm: cost === null ? null : new Decimal(cost),
  });

test('the cost of a call with two models is told apart; what no turn has is without a model', async () => {
  const found = await measured({
    metrics: metricsRow('C1', { cost_llm: new Decimal('0.5') }),
    logs: [llm(0, 'a', '0.1'), llm(1, 'b', '0.2'), llm(2, 'a', '0.15'), llm(3, null, null)],
  });
  const component = { 'voice.cost.component': 'llm' };
  const groq = (model: string) => ({ 'gen_ai.provider.name': 'groq', 'gen_ai.request.model': model });
  assert.deepEqual(found.get(METRIC.callCost), [
    { labels: { ...component, ...groq('a') }, value: 0.25 },
    { labels: { ...component, ...groq('b') }, value: 0.2 },
    { labels: component, value: 0.05 },
  ]);
});

test('what no turn has goes to the only model of the call', async () => {
  const found = await measured({
    metrics: metricsRow('C1', { cost_llm: new Decimal('0.3') }),
    logs: [llm(0, 'a', '0.1'), llm(1, 'a', null)],
  });
  assert.deepEqual(
    found.get(METRIC.callCost)?.map(({ value }) => value),
    [0.3],
  );
});

test('what had no price is counted by component, provider and model, as far as they are known', async () => {
  const found = await measured({
    metrics: metricsRow('C1', { unpriced: ['tts:acme/voice-1', 'llm:unknown', 'telephony:unknown/minutes'] }),
    logs: [],
  });
  assert.deepEqual(
    found.get(METRIC.unpricedCalls)?.map(({ labels }) => labels),
    [
      { 'voice.cost.component': 'tts', 'gen_ai.provider.name': 'acme', 'gen_ai.request.model': 'voice-1' },
      { 'voice.cost.component': 'llm' },
      { 'voice.cost.component': 'telephony', 'gen_ai.request.model': 'minutes' },
    ],
  );
});

test('what is unknown is not recorded, neither as a number nor as a label', async () => {
  const found = await measured({ metrics: metricsRow('C1'), logs: [logRow('C1', 0)] });
  assert.deepEqual([...found.keys()].sort(), [METRIC.callDuration, METRIC.calls, METRIC.turns].sort());
  assert.deepEqual(found.get(METRIC.calls), [{ labels: {}, value: 1 }]);
});

test('input tokens of a metric are without the cached ones, so that the types add up', async () => {
  const usage = { llm_input_tokens: 800, llm_cached_tokens: 500, llm_output_tokens: 40 };
  const found = await measured({ metrics: metricsRow('C1', usage), logs: [logRow('C1', 0, usage)] });
  assert.deepEqual(
    found.get(METRIC.usageTokens)?.map(({ labels, value }) => [labels['gen_ai.token.type'], value]),
    [
      ['input', 300],
      ['cached_input', 500],
      ['output', 40],
    ],
  );
});

test('the parts of a cost add up to the whole, whatever the turns and models are', async () => {
  const turns = fc.array(
    fc.record({ model: fc.constantFrom('a', 'b', null), micros: fc.option(fc.nat(1_000_000)) }),
    { maxLength: 6 },
  );
  await fc.assert(
    fc.asyncProperty(turns, fc.nat(1_000_000), async (given, outsideMicros) => {
      const usd = (micros: number) => new Decimal(micros).div(1e6);
      const logs = given.map(({ model, micros }, index) =>
        llm(index, model, micros === null ? null : usd(micros).toString()),
      );
      const whole = given.reduce((sum, { micros }) => sum + (micros ?? 0), outsideMicros);
      const found = await measured({ metrics: metricsRow('C1', { cost_llm: usd(whole) }), logs });
      const parts = (found.get(METRIC.callCost) ?? []).map(({ value }) => value as number);
      const sum = parts.reduce((total, part) => total + part, 0);
      assert.ok(Math.abs(sum - whole / 1e6) < 1e-9, `${sum} of ${whole / 1e6}`);
    }),
    { numRuns: 40 },
  );
});
