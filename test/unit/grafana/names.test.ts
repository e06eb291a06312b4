import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Decimal } from 'decimal.js';
import { recordCallMetrics } from '../../../exporter/metrics/call-metrics.ts';
import { measureCall } from '../../../exporter/metrics/measure-call.ts';
import { startMetricsEndpoint } from '../../../exporter/metrics/open-metrics.ts';
import { prometheusLabel, prometheusName } from '../../../exporter/metrics/prometheus-name.ts';
import { buckets, counter, gauge, LABEL, observations } from '../../../grafana/names.ts';
import { METRICS } from '../../../model/semconv.ts';
import { logRow, metricsRow } from '../../support/call-rows.ts';

describe("a metric's name in Prometheus", () => {
  for (const [name, unit, expected] of [
    ['voice.eou.latency', 's', 'voice_eou_latency_seconds'],
    ['voice.call.cost', '{USD}', 'voice_call_cost'],
    ['earshot.receiver.in_flight', 'By', 'earshot_receiver_in_flight_bytes'],
    ['process.uptime.seconds', 's', 'process_uptime_seconds'],
    ['http.server-request..duration', 's', 'http_server_request_duration_seconds'],
    ['voice.share', '', 'voice_share'],
  ] as const) {
    it(`of ${name} in ${unit || 'no unit'} is ${expected}`, () => {
      assert.equal(prometheusName({ name, unit }), expected);
    });
  }

  it('has what its type adds at the end', () => {
    assert.equal(counter(METRICS.callCost), 'voice_call_cost_total');
    assert.equal(counter(METRICS.usageSttAudio), 'voice_usage_stt_audio_seconds_total');
    assert.equal(buckets(METRICS.eouLatency), 'voice_eou_latency_seconds_bucket');
    assert.equal(gauge(METRICS.queueOldestAge), 'earshot_queue_oldest_age_seconds');
  });

  it('is another one for every metric', () => {
    const names = Object.values(METRICS).map(prometheusName);
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.match(name, /^[a-z][a-z0-9]*(_[a-z0-9]+)+$/);
  });
});

it('an attribute is a label with underscores', () => {
  assert.equal(prometheusLabel('gen_ai.provider.name'), 'gen_ai_provider_name');
});

it('the page of earshot serve has these names', async (t) => {
  const endpoint = startMetricsEndpoint();
  t.after(() => endpoint.shutdown());
  await recordCallMetrics(
    measureCall({
      metrics: metricsRow('C1', {
        turn_count: 1,
        cost_telephony: new Decimal('0.0085'),
        stt_audio_seconds: 2,
      }),
      logs: [
        logRow('C1', 0, { eou_latency: 0.912, ttfb_llm: 0.2, llm_provider: 'groq', llm_model: 'llama' }),
      ],
    }),
  );
  const { body } = await endpoint.render('application/openmetrics-text');
  const label = `${LABEL.costComponent}="telephony"`;
  assert.match(body, new RegExp(`^${counter(METRICS.callCost)}\\{${label}\\} 0\\.0085$`, 'm'));
  assert.match(body, new RegExp(`^${counter(METRICS.usageSttAudio)} 2$`, 'm'));
  assert.match(body, new RegExp(`^${buckets(METRICS.eouLatency)}\\{le="1\\.0"\\} 1$`, 'm'));
  assert.match(body, new RegExp(`^${observations(METRICS.ttfb)}\\{${LABEL.stage}="llm",.*\\} 1$`, 'm'));
});
