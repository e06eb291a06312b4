import assert from 'node:assert/strict';
import { test } from 'node:test';
import { medianDifference, shareDifference } from '../../../ui/shared/difference.ts';
import { chance } from '../../support/page-world.ts';

const silence = (n: number, p50: number) => ({ n, p25: p50 - 0.2, p50, p75: p50 + 0.2 });

test('a difference has a verdict where it is more than chance, and where there is enough to say so', () => {
  assert.equal(medianDifference(silence(500, 1), silence(500, 1.3)).verdict, 'worse');
  assert.equal(medianDifference(silence(500, 1.3), silence(500, 1)).verdict, 'better');
  assert.equal(medianDifference(silence(500, 1), silence(500, 1.01)).verdict, 'same');
  assert.equal(medianDifference(silence(25, 1), silence(25, 1.1)).verdict, 'same');
  assert.equal(medianDifference(silence(19, 1), silence(500, 2)).verdict, 'too_few');
  assert.equal(medianDifference({ ...silence(0, 1), p50: null }, silence(500, 2)).verdict, 'too_few');
  assert.equal(shareDifference({ part: 80, of: 100 }, { part: 60, of: 100 }, 'high').verdict, 'worse');
  assert.equal(shareDifference({ part: 80, of: 100 }, { part: 76, of: 100 }, 'high').verdict, 'same');
  assert.equal(shareDifference({ part: 0, of: 0 }, { part: 6, of: 100 }, 'low').verdict, 'too_few');
});

test('of two draws from one population about one in twenty is called different', () => {
  const random = chance(41);
  const quartilesOf = (n: number) => {
    // About normal: the sum of six.
    const draws = Array.from({ length: n }, () =>
      Array.from({ length: 6 }, random).reduce((a, b) => a + b, 0),
    );
    draws.sort((a, b) => a - b);
    const at = (share: number) => draws[Math.round(share * (n - 1))] ?? 0;
    return { n, p25: at(0.25), p50: at(0.5), p75: at(0.75) };
  };
  let called = 0;
  for (let i = 0; i < 600; i++)
    if (medianDifference(quartilesOf(101), quartilesOf(101)).verdict !== 'same') called += 1;
  assert.ok(called > 6 && called < 60, `${called} of 600`);
});
