import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Statistic } from '../../../exporter/statistics/clusters.ts';
import { mean as meanOf, quantileOf } from '../../../exporter/statistics/quantile.ts';
import { type Random, seeded } from '../../../exporter/statistics/random.ts';
import { compareSamples } from '../../../exporter/statistics/two-samples.ts';

type Call = readonly number[];

const STATISTICS = {
  mean: { kind: 'ratio', of: (call) => [call.reduce((sum, value) => sum + value, 0), call.length] },
  p50: { kind: 'quantile', of: (call) => call, fraction: 0.5 },
  p95: { kind: 'quantile', of: (call) => call, fraction: 0.95 },
} as const satisfies Record<string, Statistic<Call>>;

test('the figures are those of all values, and their difference is b without a', () => {
  const [a, b] = [
    [[1, 2], [], [3, 4, 5]],
    [[10], [20, 30]],
  ];
  const { mean, p50, p95 } = compareSamples<Call, keyof typeof STATISTICS>(a, b, STATISTICS, {
    replicates: 50,
  });
  assert.deepEqual([mean.a, mean.b, mean.difference], [meanOf(a.flat()), meanOf(b.flat()), 17]);
  assert.deepEqual([p50.a, p50.b], [3, 20]);
  assert.deepEqual([p95.a, p95.b], [quantileOf(a.flat(), 0.95), quantileOf(b.flat(), 0.95)]);
});

test('the same seed gives the same interval, and a sample without values none', () => {
  const random = seeded(3);
  const [a, b] = [calls(random, 30, 0), calls(random, 30, 0)];
  const options = { replicates: 100, seed: 5 };
  assert.deepEqual(compareSamples(a, b, STATISTICS, options), compareSamples(a, b, STATISTICS, options));
  const { p95, mean } = compareSamples<Call, keyof typeof STATISTICS>(a, [[]], STATISTICS, options);
  for (const { b: value, difference, low, high } of [p95, mean])
    assert.ok([value, difference, low, high].every(Number.isNaN));
});

/** Calls of about six turns with a heavy tail, of which some are slow as a whole; `shift` is the truth. */
function calls(random: Random, count: number, shift: number): Call[] {
  return Array.from({ length: count }, () => {
    const slow = 0.2 * normal(random);
    return Array.from({ length: 3 + random.below(7) }, () => shift + Math.exp(slow + 0.45 * normal(random)));
  });
}

const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.share())) * Math.cos(2 * Math.PI * random.share());

test('of 95 % intervals about 95 of 100 hold the true difference: of a mean, a median and a p95, turns of a call being alike', () => {
  const seeds = 200;
  const held = { mean: 0, p50: 0, p95: 0 };
  for (let seed = 0; seed < seeds; seed += 1) {
    const random = seeded(seed * 7_919);
    const found = compareSamples<Call, keyof typeof STATISTICS>(
      calls(random, 60, 0),
      calls(random, 80, 0.2),
      STATISTICS,
      { seed, replicates: 150 },
    );
    for (const name of ['mean', 'p50', 'p95'] as const)
      if (found[name].low <= 0.2 && found[name].high >= 0.2) held[name] += 1;
  }
  for (const [name, count] of Object.entries(held)) {
    const share = count / seeds;
    assert.ok(share >= 0.91 && share <= 0.99, `${name}: ${(100 * share).toFixed(1)} %`);
  }
});

test('drawn turn by turn the interval would be too narrow: calls are what is drawn', () => {
  const seeds = 60;
  const mean = { mean: STATISTICS.mean };
  let held = 0;
  for (let seed = 0; seed < seeds; seed += 1) {
    const random = seeded(seed * 104_729);
    const slow = () =>
      Array.from({ length: 40 }, () => {
        const call = normal(random);
        return Array.from({ length: 8 }, () => call + 0.3 * normal(random));
      });
    const [a, b] = [slow(), slow()];
    const byTurn = (all: readonly Call[]) => all.flatMap((call) => call.map((value) => [value]));
    const options = { seed, replicates: 100 };
    const whole = compareSamples<Call, 'mean'>(a, b, mean, options).mean;
    const apart = compareSamples<Call, 'mean'>(byTurn(a), byTurn(b), mean, options).mean;
    assert.ok(whole.high - whole.low > apart.high - apart.low);
    if (apart.low <= 0 && apart.high >= 0) held += 1;
  }
  assert.ok(held / seeds < 0.75, `${held} of ${seeds}`);
});
