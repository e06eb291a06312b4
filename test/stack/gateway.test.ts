import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { ATTR } from '../../model/semconv.ts';
import { storedCall } from '../support/observed-world.ts';
import { poll } from '../support/poll.ts';
import { request, send } from '../support/stack/otlp-spans.ts';
import { spansOfCall } from '../support/stack/spoken-call.ts';
import { type Collector, RECOVERY_MS, type Stack, startStack } from '../support/stack/stack.ts';

const SERVICE = 'many-agents';
const CALLS = 20;
const TURNS = 10;

let stack: Stack;
let gateways: readonly Collector[];
before(async () => {
  stack = await startStack();
  gateways = await Promise.all([stack.startGateway(), stack.startGateway()]);
});
after(() => stack?.stop());

it('the spans of calls, spread over gateways and workers without regard, become their rows once each', async () => {
  const callIds = Array.from({ length: CALLS }, (_, index) => `CA${Date.now()}-${index}`);
  const spans = callIds.flatMap((callId) => spansOfCall(callId, TURNS));
  await Promise.all(
    gateways.map(({ url }, which) =>
      send(
        url,
        request(
          { 'service.name': SERVICE },
          spans.filter((_, index) => index % gateways.length === which),
        ),
      ),
    ),
  );
  for (const callId of callIds) {
    // Rows made of the first half are made again when the other half is there.
    const { metrics, logs } = await poll(
      async () => {
        const call = await storedCall(stack.db, callId, RECOVERY_MS);
        return call.facts.length === TURNS * 2 + 1 && call.logs.length === TURNS && call;
      },
      { deadlineMs: RECOVERY_MS, intervalMs: 200, what: `${TURNS} turns of ${callId}` },
    );
    assert.equal(metrics.turn_count, TURNS);
    assert.equal(metrics.tts_characters, TURNS * 100);
    assert.deepEqual(
      logs.map(({ turn_index: index, tts_model: model }) => [index, model]),
      Array.from({ length: TURNS }, (_, index) => [index, 'sonic-2']),
    );
  }
  await poll(
    async () =>
      (await stack.jaeger.search(SERVICE, { [ATTR.callId]: callIds[0] ?? '' })).length === TURNS + 1,
    { deadlineMs: RECOVERY_MS, intervalMs: 200, what: 'the traces of the first call in Jaeger' },
  );
});

it('each gateway counts its part, under a name of its own', async () => {
  const pages = await Promise.all(
    gateways.map(({ metricsUrl }) =>
      poll(
        async () => {
          const page = await (await fetch(metricsUrl)).text();
          return page.includes('span_name="voice.turn"') && page;
        },
        { deadlineMs: 20_000, what: metricsUrl },
      ),
    ),
  );
  const series = pages.flatMap(
    (page) => page.match(/^traces_span_metrics_calls_total\{.*span_name="voice\.turn".*$/gm) ?? [],
  );
  const total = series.reduce((sum, line) => sum + Number(line.split('} ')[1]?.split(' ')[0]), 0);
  assert.equal(total, CALLS * TURNS);
  const instances = series.map((line) => /collector_instance_id="([^"]+)"/.exec(line)?.[1]);
  assert.equal(new Set(instances).size, gateways.length);
  assert.ok(!instances.includes(undefined));
});
