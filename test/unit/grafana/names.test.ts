import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { prometheusLabel, prometheusName } from '../../../exporter/receiver/prometheus-name.ts';
import { buckets, counter, gauge } from '../../../grafana/names.ts';
import { METRICS } from '../../../instrumentation/semconv.ts';

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
