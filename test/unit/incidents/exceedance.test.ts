import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exceedanceProbability, rankExceededBy } from '../../../exporter/incidents/exceedance.ts';
import { seeded } from '../../../exporter/statistics/random.ts';

/** Of all orders in which earlier and later values can stand, the share with so many later ones behind the ranked one. */
function byCounting(earlier: number, rank: number, later: number, exceeding: number): number {
  let [all, as] = [0, 0];
  const visit = (before: number, after: number, behind: number) => {
    if (before === earlier && after === later) {
      all += 1;
      if (behind >= exceeding) as += 1;
      return;
    }
    if (before < earlier) visit(before + 1, after, behind);
    if (after < later) visit(before, after + 1, behind + (before >= rank ? 1 : 0));
  };
  visit(0, 0, 0);
  return as / all;
}

test('it is what counting every order gives', () => {
  for (const [earlier, rank, later] of [
    [5, 4, 3],
    [7, 7, 4],
    [6, 1, 5],
    [3, 2, 8],
  ] as const)
    for (let exceeding = 0; exceeding <= later; exceeding += 1) {
      const probability = exceedanceProbability([{ earlier, rank, later, exceeding }]);
      const counted = byCounting(earlier, rank, later, exceeding);
      assert.ok(
        Math.abs(probability - counted) < 1e-9,
        `${exceeding} of ${later}: ${probability}, ${counted}`,
      );
    }
});

test('where nothing has changed it is as rare as it says, whatever is measured', () => {
  const random = seeded(7);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.share())) * Math.cos(2 * Math.PI * random.share());
  const shapes = {
    uniform: () => random.share(),
    normal,
    lognormal: () => Math.exp(0.5 * normal()),
    'with a tail of no mean (Pareto)': () => (1 - random.share()) ** -1.2,
  };
  const [earlier, later, trials] = [60, 25, 4_000];
  const rank = rankExceededBy(0.05, earlier);
  for (const [name, draw] of Object.entries(shapes)) {
    const rare = { 0.1: 0, 0.01: 0 };
    for (let trial = 0; trial < trials; trial += 1) {
      const limit = Array.from({ length: earlier }, draw).sort((a, b) => a - b)[rank - 1] ?? 0;
      const exceeding = Array.from({ length: later }, draw).filter((value) => value > limit).length;
      const probability = exceedanceProbability([{ earlier, rank, later, exceeding }]);
      for (const level of [0.1, 0.01] as const) if (probability <= level) rare[level] += 1;
    }
    // Counts are whole numbers: it can be rarer than it says, and not more often.
    for (const level of [0.1, 0.01] as const) {
      const most = level * trials + 4 * Math.sqrt(level * trials);
      assert.ok(rare[level] <= most, `${name}: ${rare[level]} of ${trials} at ${level}`);
      assert.ok(rare[level] > 0, `${name} at ${level}`);
    }
  }
});

test('samples that are held against their own are added up', () => {
  const one = { earlier: 40, rank: 38, later: 10, exceeding: 3 };
  const both = exceedanceProbability([one, { ...one, exceeding: 0 }]);
  const alone = exceedanceProbability([one]);
  assert.ok(both > alone && both < 1, `${both} and ${alone}`);
  assert.equal(exceedanceProbability([]), 1);
  assert.equal(exceedanceProbability([{ ...one, later: 0, exceeding: 0 }]), 1);
});

test('the rank is of the least value that no more than the share exceeds, and of too few there is none', () => {
  assert.equal(rankExceededBy(0.05, 19), 19);
  assert.equal(rankExceededBy(0.05, 18), 0);
  assert.equal(rankExceededBy(0.05, 99), 95);
  assert.equal(rankExceededBy(0.05, 0), 0);
});
