import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { recordCallMetrics } from '../../../exporter/metrics/call-metrics.ts';
import { measureCall } from '../../../exporter/metrics/measure-call.ts';
import { type MetricsEndpoint, startMetricsEndpoint } from '../../../exporter/metrics/open-metrics.ts';
import { PipelineMetrics } from '../../../exporter/metrics/pipeline-metrics.ts';
import { ReceiverMetrics } from '../../../exporter/receiver/receiver-metrics.ts';
import { TARGETS } from '../../../grafana/variables.ts';
import { ATTR, SPAN } from '../../../model/semconv.ts';
import { DAY_OF_CALLS } from '../../support/grafana/calls.ts';
import {
  type Choices,
  committedDashboards,
  expandPromql,
  openVariables,
  panelsOf,
} from '../../support/grafana/query.ts';
import { poll } from '../../support/poll.ts';
import { prometheusVersion, startPrometheus, type TestPrometheus } from '../../support/prometheus.ts';
import { PRICES } from '../../unit/calls/golden.ts';

const version = prometheusVersion();
const skip = version === undefined && 'prometheus is not installed (Debian: apt-get install prometheus)';

const CALLS = DAY_OF_CALLS.slice(0, 8).map((facts) => finalizeCall(facts, PRICES));
/** Seconds of the turns that the collector's metrics know, again and again: three of four within 1.2 s. */
const RESPONSES = [0.3, 0.5, 1.1, 1.7];

/** `earshot serve`'s own page: at each look everything has happened once more. */
function ownPage(): { endpoint: MetricsEndpoint; happen(): void; shutdown(): void } {
  const endpoint = startMetricsEndpoint();
  const pipeline = new PipelineMetrics();
  const receiver = new ReceiverMetrics(() => 1_024);
  pipeline.observeQueue(async () => ({ waiting: 3, resting: 0, oldestSeconds: 9, nextDueMs: -1_500 }));
  return {
    endpoint,
    happen() {
      for (const rows of CALLS) void recordCallMetrics(measureCall(rows));
      pipeline.accepted(10);
      pipeline.written(9);
      pipeline.dropped(1, 'buffer_full');
      pipeline.spooled(1);
      pipeline.replayed(1);
      pipeline.finalized(1);
      receiver.answered('POST', '/v1/traces', 200, 0.012);
      receiver.answered('POST', '/v1/traces', 503, 0.001);
      receiver.ignored(1);
      receiver.limited(2);
    },
    shutdown() {
      pipeline.shutdown();
      receiver.shutdown();
    },
  };
}

/** The names that the collector's `span_metrics` connector and its own telemetry have. */
function collectorPage(): { render(): Promise<string>; happen(): void; shutdown(): Promise<void> } {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [reader] });
  const meter = provider.getMeter('collector');
  const duration = meter.createHistogram('traces_span_metrics_duration_seconds', {
    advice: { explicitBucketBoundaries: [0.1, 0.3, 0.6, 0.8, 1, 1.2, 1.5, 2, 5] },
  });
  const calls = meter.createCounter('traces_span_metrics_calls');
  const counters = ['otelcol_receiver_refused_spans', 'otelcol_exporter_send_failed_spans'].map((name) =>
    meter.createCounter(name),
  );
  const gauges = ['otelcol_exporter_queue_size', 'otelcol_exporter_queue_capacity'].map((name) =>
    meter.createGauge(name),
  );
  const stages = [
    ['stt', 'stt', 'deepgram', 'nova-3'],
    ['chat llama', 'llm', 'groq', 'llama'],
    ['tts', 'tts', 'cartesia', 'sonic-3'],
  ] as const;
  const span = (name: string, more: Record<string, string> = {}) => ({
    [ATTR.serviceName]: 'phone-agent',
    span_name: name,
    status_code: 'STATUS_CODE_UNSET',
    ...more,
  });
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  return {
    render: async () => `${serializer.serialize((await reader.collect()).resourceMetrics)}\n`,
    happen() {
      for (const seconds of RESPONSES) {
        duration.record(seconds, span(SPAN.response));
        calls.add(1, span(SPAN.response));
      }
      for (const [name, stage, provider, model] of stages) {
        const labels = { [ATTR.stage]: stage, [ATTR.providerName]: provider, [ATTR.requestModel]: model };
        duration.record(0.4, span(name, labels));
        calls.add(3, span(name, labels));
        calls.add(1, span(name, { ...labels, status_code: 'STATUS_CODE_ERROR' }));
      }
      for (const counter of counters) counter.add(1, { receiver: 'otlp', exporter: 'otlp_grpc/jaeger' });
      for (const [index, gauge] of gauges.entries()) {
        gauge.record(index === 0 ? 10 : 1_000, { exporter: 'otlp_grpc/jaeger' });
      }
    },
    shutdown: () => provider.shutdown(),
  };
}

const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  service: ['phone-agent', '(none)'],
  provider: ['deepgram', 'groq', 'cartesia', '(none)'],
  model: ['nova-3', 'llama', 'sonic-3', '(none)'],
};

describe('PromQL of the panels', { skip }, () => {
  const own = ownPage();
  const collector = collectorPage();
  let pages: Server;
  let prometheus: TestPrometheus;

  before(async () => {
    pages = createServer(async (request, response) => {
      if (request.url === '/collector') {
        collector.happen();
        response.setHeader('content-type', 'text/plain; version=0.0.4').end(await collector.render());
        return;
      }
      own.happen();
      const page = await own.endpoint.render(request.headers.accept);
      response.setHeader('content-type', page.contentType).end(page.body);
    }).listen(0, '127.0.0.1');
    await once(pages, 'listening');
    const { port } = pages.address() as AddressInfo;
    prometheus = await startPrometheus({
      earshot: `http://127.0.0.1:${port}/metrics`,
      collector: `http://127.0.0.1:${port}/collector`,
    });
  });
  after(async () => {
    await prometheus?.stop();
    own.shutdown();
    await own.endpoint.shutdown();
    await collector.shutdown();
    pages.closeAllConnections();
    pages.close();
  });

  const expand = (expr: string, choices: Choices) =>
    expandPromql(expr, choices, { rateInterval: '10s', range: '1m' });
  const none = async () => [];
  const range = { from: new Date(), to: new Date() };

  it(`is answered by Prometheus ${version}, the targets being up`, async () => {
    await poll(async () => (await prometheus.query('sum(up)'))[0]?.value === 2);
  });

  for (const dashboard of committedDashboards()) {
    for (const panel of panelsOf(dashboard)) {
      for (const { expr, refId } of panel.targets ?? []) {
        if (expr === undefined) continue;
        it(`${dashboard.title}: ${panel.title} (${panel.id} ${refId}) has series of finite numbers`, async () => {
          const choices = await openVariables(dashboard, none, range, OPTIONS);
          const series = await poll(
            async () => {
              const samples = await prometheus.query(expand(expr, choices));
              return samples.length > 0 && samples.every(({ value }) => Number.isFinite(value)) && samples;
            },
            { intervalMs: 250, what: expand(expr, choices) },
          );
          assert.ok(
            series.some(({ value }) => value > 0),
            'all of them are zero',
          );
        });
      }
    }
  }

  const figure = async (uid: string, id: number, target: string) => {
    const dashboard = committedDashboards().find((each) => each.uid === uid);
    const expr = dashboard?.panels.find((each) => each.id === id)?.targets?.[0]?.expr;
    assert.ok(dashboard !== undefined && expr !== undefined);
    return (
      await prometheus.query(
        expand(expr, await openVariables(dashboard, none, range, { ...OPTIONS, target })),
      )
    )[0]?.value;
  };

  it('the live share under target is the share of the turns', async () => {
    for (const [target, share] of [
      ['0.6', 0.5],
      ['1', 0.5],
      ['1.2', 0.75],
      ['2', 1],
    ] as const) {
      assert.equal((await figure('voice-latency', 13, target))?.toFixed(6), share.toFixed(6), target);
    }
  });

  it("every target that can be chosen is a limit of the histogram's buckets", async () => {
    for (const target of TARGETS) {
      const buckets = await prometheus.query(`voice_eou_latency_seconds_bucket{le=~"${target}(\\\\.0)?"}`);
      assert.ok(buckets.length > 0, target);
    }
  });

  it('a provider that is not chosen is not counted', async () => {
    const dashboard = committedDashboards().find(({ uid }) => uid === 'voice-latency');
    const expr = dashboard?.panels.find(({ id }) => id === 16)?.targets?.[0]?.expr;
    assert.ok(dashboard !== undefined && expr !== undefined);
    const choices = await openVariables(dashboard, none, range, { ...OPTIONS, provider: ['groq'] });
    assert.deepEqual(
      (await prometheus.query(expand(expr, choices))).map(({ labels }) => labels.gen_ai_provider_name),
      ['groq'],
    );
  });
});
