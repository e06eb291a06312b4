import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { METRIC, METRICS } from '../../../model/semconv.ts';
import { conversation, endAll, endTurn } from '../../support/conversation.ts';
import { endSpan } from '../../support/end-span.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { connect, rowsOf, traced } from '../../support/processors.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

function recordMetrics(t: { after(undo: () => void): void }) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  t.after(() => metrics.disable());
  return async (): Promise<ReadonlyMap<string, MetricData>> => {
    exporter.reset();
    await reader.forceFlush();
    const all = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    return new Map(all.map((metric) => [metric.descriptor.name, metric]));
  };
}

type Found = ReadonlyMap<string, MetricData>;

const points = (found: Found, name: string) =>
  (found.get(name)?.dataPoints ?? []).map(
    ({ attributes, value }) => [attributes, value] as [DataPoint<number>['attributes'], unknown],
  );
const histogram = (found: Found, name: string) =>
  points(found, name).map(([attributes, value]) => [attributes, value as Histogram] as const);

test('a call is measured once, when it is first finalized, with labels that are closed sets or models', async (t) => {
  const collect = recordMetrics(t);
  const databaseUrl = await server.createMigrated();
  const { tracer, processor } = traced(t, { databaseUrl, spoolDir: await temporaryFolder(t) });
  endAll(conversation(tracer, 'C1', 2));
  const db = connect(t, databaseUrl);
  const { metrics: row } = await rowsOf(db, 'C1', 2);
  endTurn(tracer, 'C1', 2);
  await processor.shutdown();
  await rowsOf(db, 'C1', 3);

  const found = await collect();
  assert.deepEqual(points(found, METRIC.calls), [[{ 'voice.call.outcome': 'SUCCESS' }, 1]]);
  assert.deepEqual(points(found, METRIC.turns), [[{}, 2]]);
  const costs = points(found, METRIC.callCost);
  assert.deepEqual(
    costs.map(([attributes]) => attributes),
    [
      {
        'voice.cost.component': 'stt',
        'gen_ai.provider.name': 'deepgram',
        'gen_ai.request.model': 'nova-3',
      },
      {
        'voice.cost.component': 'llm',
        'gen_ai.provider.name': 'groq',
        'gen_ai.request.model': 'llama-3.1-8b-instant',
      },
      {
        'voice.cost.component': 'tts',
        'gen_ai.provider.name': 'cartesia',
        'gen_ai.request.model': 'sonic-2',
      },
    ],
  );
  const total = costs.reduce((sum, [, usd]) => sum + (usd as number), 0);
  assert.ok(Math.abs(total - (row.cost_total?.toNumber() ?? Number.NaN)) < 1e-12, `${total}`);
  assert.deepEqual(
    points(found, METRIC.usageTokens).map(([{ 'gen_ai.token.type': type }, tokens]) => [type, tokens]),
    [
      ['input', 1_600],
      ['output', 100],
    ],
  );
  assert.equal(points(found, METRIC.usageTtsCharacters)[0]?.[1], 240);
  assert.equal(points(found, METRIC.usageSttAudio)[0]?.[1], 4.2);
  const [eou] = histogram(found, METRIC.eouLatency);
  assert.deepEqual(eou?.[0], { 'voice.eou.source': 'stt_word_end' });
  assert.equal(eou?.[1].count, 2);
  assert.equal(eou?.[1].sum, 1.6);
  assert.ok(eou?.[1].buckets.boundaries.includes(1.2));
  assert.deepEqual(
    histogram(found, METRIC.ttfb).map(([attributes, { count }]) => [attributes['voice.stage'], count]),
    [
      ['stt', 2],
      ['llm', 2],
      ['tts', 2],
    ],
  );
  const [duration] = histogram(found, METRIC.callDuration);
  assert.deepEqual([duration?.[0], duration?.[1].sum], [{}, 25]);
  for (const [name, metric] of found) {
    const definition = Object.values(METRICS).find((each) => each.name === name);
    assert.equal(metric.descriptor.unit, definition && 'unit' in definition ? definition.unit : '', name);
    for (const [attributes] of points(found, name)) {
      assert.ok(!JSON.stringify(attributes).includes('C1'), `${name} has the call's id in a label`);
    }
  }
});

test('the pipeline reports what it took in, wrote, lost and has still to do', async (t) => {
  const databaseUrl = await server.createMigrated();
  const { tracer, processor } = traced(t, {
    databaseUrl,
    spoolDir: await temporaryFolder(t),
    bufferSpans: 10,
    finalizeDelay: 3_600_000,
  });
  // Registered after the processor was made, as applications do.
  const collect = recordMetrics(t);
  for (let index = 0; index < 15; index += 1) endSpan(tracer, 'C1', index);
  await processor.forceFlush();
  const found = await collect();
  assert.deepEqual(points(found, METRIC.spansAccepted), [[{}, 10]]);
  assert.deepEqual(points(found, METRIC.spansWritten), [[{}, 10]]);
  assert.deepEqual(points(found, METRIC.spansDropped), [[{ 'earshot.drop.reason': 'buffer_full' }, 5]]);
  assert.deepEqual(points(found, METRIC.queueDepth), [[{}, 1]]);
  assert.equal(points(found, METRIC.queueOldestAge).length, 1);
});
