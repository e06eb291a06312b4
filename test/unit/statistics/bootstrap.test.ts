import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bootstrap } from '../../../exporter/statistics/bootstrap.ts';
import { mean, quantileAmong, quantileOf } from '../../../exporter/statistics/quantile.ts';
import { type Random, seeded } from '../../../exporter/statistics/random.ts';

const exponential = (random: Random, scale: number): number => -scale * Math.log(1 - random.share());

/** Values that resemble one another where they are of one cluster. Their mean is 2. */
const clusterOf = (random: Random): number[] => {
  const own = exponential(random, 1);
  return Array.from({ length: 5 }, () => own + exponential(random, 1));
};

test('the same seed draws the same', () => {
  const draw = (seed: number) => Array.from({ length: 5 }, seeded(seed).share);
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
  const { below } = seeded(1);
  const counts = [0, 0, 0];
  for (let draws = 0; draws < 3_000; draws += 1) counts[below(3)] = (counts[below(3)] ?? 0) + 1;
  assert.ok(counts.every((count) => count > 800));
});

test('quantiles interpolate linearly, as percentile_cont of PostgreSQL', () => {
  assert.equal(quantileOf([0.8, 0.4], 0.95), 0.78);
  assert.equal(quantileOf([3, 1, 2], 0.5), 2);
  assert.ok(Number.isNaN(quantileOf([], 0.5)));
});

test('90 % intervals of a mean hold it in 85 to 95 of 100 samples of clusters', () => {
  const held = Array.from({ length: 100 }, (_, seed) => {
    const random = seeded(1_000 + seed);
    // All are of one size, so that the mean of their means is that of their values.
    const clusters = Array.from({ length: 60 }, () => mean(clusterOf(random)));
    const { value } = bootstrap(
      clusters.length,
      (drawn) => ({ value: mean(drawn.map((index) => clusters[index] ?? Number.NaN)) }),
      { seed, replicates: 200 },
    );
    return value.low <= 2 && value.high >= 2;
  }).filter(Boolean).length;
  assert.ok(held >= 85 && held <= 97, `${held}`);
});

test('what most samples do not tell has no interval', () => {
  const { rare } = bootstrap(10, (drawn) => ({ rare: drawn.includes(0) ? 1 : Number.NaN }), { seed: 1 });
  assert.equal(rare.value, 1);
  assert.ok(Number.isNaN(rare.low) && Number.isNaN(rare.high));
});

test('a quantile among values in any order is that of the same in order', () => {
  const value = fc.integer({ min: -20, max: 20 });
  fc.assert(
    fc.property(fc.array(value), fc.double({ min: 0, max: 1, noNaN: true }), (values, fraction) => {
      assert.equal(quantileAmong(Float64Array.from(values), fraction), quantileOf(values, fraction));
    }),
  );
});
