import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { Finalizer, type FinalizerOptions } from '../../../exporter/pipeline/finalizer.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import { call } from '../calls/builders.ts';
import { callOfShape, KNOWN_SHAPES } from '../calls/shapes.ts';

const priceList = catalogue();
const open: Finalizer[] = [];
// The thread does not keep the process alive.
const alive = setInterval(() => {}, 60_000);
after(async () => {
  clearInterval(alive);
  await Promise.all(open.map((finalizer) => finalizer.close()));
});

function finalizerWith(options: Partial<FinalizerOptions> = {}): Finalizer {
  const settings = { pricing: 'catalogue', prices: undefined } as const;
  const finalizer = new Finalizer({ priceList, settings, ...options });
  open.push(finalizer);
  return finalizer;
}

/** With costs, sentences and turns: a bit of everything. */
const large = (size: number) =>
  callOfShape(KNOWN_SHAPES['plain turns'] ?? [], size).map((fact) =>
    fact.type === 'stage' ? { ...fact, provider: 'openai', model: 'gpt-4o-mini' } : fact,
  );

test('a large call has the same rows as if it were computed here', async () => {
  const facts = [call([0, 1], { traceId: 'trace', spanId: 'call' }), ...large(1_000)];
  const rows = finalizerWith().finalize(facts);
  assert.ok(rows instanceof Promise, 'computed elsewhere');
  const { metrics, logs } = await rows;
  const here = finalizeCall(facts, priceList);
  assert.deepEqual({ metrics, logs }, here);
  assert.equal(metrics.cost_total?.toFixed(), here.metrics.cost_total?.toFixed());
});

test('a small call is computed at once', () => {
  assert.ok(!(finalizerWith().finalize([call([0, 1])]) instanceof Promise));
});

test('calls that are asked for together have their own rows each', async () => {
  const finalizer = finalizerWith();
  const sizes = [400, 200, 300];
  const rows = await Promise.all(sizes.map((size) => finalizer.finalize(large(size))));
  assert.deepEqual(
    rows.map(({ logs }) => logs.length),
    sizes.map((size) => size / 2),
  );
});

test('a call that takes too long is ended, and the next one is computed', async () => {
  const finalizer = finalizerWith({ timeLimitMs: 1 });
  await assert.rejects(async () => finalizer.finalize(large(20_000)), { code: 'EARSHOT_TIMEOUT' });
  await assert.rejects(async () => finalizer.finalize(large(20_000)), { code: 'EARSHOT_TIMEOUT' });
});

test('a call that takes too much memory costs the thread its life, and not the process', async () => {
  const finalizer = finalizerWith({ memoryLimitMb: 24 });
  await assert.rejects(async () => finalizer.finalize(large(60_000)), { code: 'ERR_WORKER_OUT_OF_MEMORY' });
  assert.equal((await finalizer.finalize(large(200))).logs.length, 100);
});

test('what the computation throws comes back by its name', async () => {
  const facts = large(200).map((fact, index) => ({ ...fact, callId: `c${index}` }));
  await assert.rejects(async () => finalizerWith().finalize(facts), { name: 'RangeError' });
});

test('with a price list of the caller a call is computed here', () => {
  assert.ok(!(finalizerWith({ settings: undefined }).finalize(large(400)) instanceof Promise));
});
