import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { METRICS } from '../../model/semconv.ts';
import { startGround, stopGround } from '../support/fleet/ground.ts';
import { faultRun, type Ground } from '../support/fleet/run.ts';

let ground: Ground;
before(async () => {
  ground = await startGround(3);
});
after(() => stopGround(ground));

/** The sum of a counter's series, over all workers. */
async function total(metric: string): Promise<number> {
  const series = new RegExp(`^${metric}(?:\\{[^}]*\\})? (\\S+)`, 'gm');
  let sum = 0;
  for (const { url } of ground.fleet.workers()) {
    const page = await (await fetch(`${url}/metrics`)).text();
    for (const [, value] of page.matchAll(series)) sum += Number(value);
  }
  return sum;
}

test('a call is counted once by all workers together, however often its spans come and its rows are computed', async () => {
  const { calls, deliveries } = await faultRun(ground, {
    seed: 1_000,
    calls: 30,
    workers: 3,
    databaseFault: 'none',
    outageMs: 0,
    spreadMs: 1_500,
    cutShare: 0.5,
  });
  const prometheusName = METRICS.calls.name.replaceAll('.', '_');
  assert.equal(await total(`${prometheusName}_total`), calls);
  // Or the test would show nothing: spans came again, and late ones had calls computed again.
  assert.ok(deliveries > calls);
  assert.ok((await total('earshot_calls_finalized_total')) > calls);
  assert.ok((await total('earshot_spans_accepted_total')) > (await total('earshot_spans_written_total')));
});
