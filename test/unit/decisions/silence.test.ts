import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SILENCE_FIGURES } from '../../../exporter/decisions/answers.ts';
import { Measured } from '../../../exporter/decisions/measured.ts';
import { predictingSilence } from '../../../exporter/decisions/silence.ts';
import { finished } from '../../../exporter/statistics/pieces.ts';
import { mean, quantileOf } from '../../../exporter/statistics/quantile.ts';
import { seeded } from '../../../exporter/statistics/random.ts';
import { FAST, SLOW, simulateCall } from './simulated-turns.ts';

const SEEDS = 100;
const predictSilence = (...given: Parameters<typeof predictingSilence>) =>
  finished(predictingSilence(...given));
const callsOf = (model: typeof FAST, calls: number, seed: number) => {
  const random = seeded(seed);
  return Array.from({ length: calls }, (_, index) => simulateCall(model, `${index}`, random));
};
const figuresOf = (calls: ReturnType<typeof callsOf>) => {
  const seconds = calls.flatMap(({ turns }) => turns.map(({ schedule }) => schedule.playback / 1e6));
  return { p50: quantileOf(seconds, 0.5), p95: quantileOf(seconds, 0.95), mean: mean(seconds) };
};

describe('where a model is really swapped', () => {
  // The world in which it is: so many calls that its figures are the truth.
  const truth = figuresOf(callsOf(FAST, 6_000, 900_001));
  const before = figuresOf(callsOf(SLOW, 6_000, 900_002));
  const held = Object.fromEntries(SILENCE_FIGURES.map((name) => [name, { after: 0, change: 0 }]));
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const asked = callsOf(SLOW, 50, 2 * seed + 1);
    const measured = callsOf(FAST, 40, 2 * seed + 2);
    const predicted = predictSilence(
      asked.map(({ turns }) => turns),
      {
        llm: new Measured(
          measured.flatMap(({ measurements }, call) =>
            measurements.map((each) => ({ ...each, call: `${call}` })),
          ),
        ),
      },
      { seed, replicates: 120 },
    );
    for (const name of SILENCE_FIGURES) {
      const { after, change } = predicted[name];
      const counts = held[name];
      if (counts === undefined) continue;
      if (after.low <= truth[name] && after.high >= truth[name]) counts.after += 1;
      const really = truth[name] - before[name];
      if (change.low <= really && change.high >= really) counts.change += 1;
    }
  }
  for (const name of SILENCE_FIGURES)
    test(`the interval of the ${name} holds it, and that of its change, in 85 of ${SEEDS} seeds or more`, () => {
      assert.ok((held[name]?.after ?? 0) >= 85, `silence then: ${held[name]?.after}`);
      assert.ok((held[name]?.change ?? 0) >= 85, `change: ${held[name]?.change}`);
    });
});

test('the same seed predicts the same, and what does not change has no change', () => {
  const calls = callsOf(SLOW, 20, 5).map(({ turns }) => turns);
  const plan = { llm: new Measured(callsOf(FAST, 20, 6).flatMap(({ measurements }) => measurements)) };
  assert.deepEqual(predictSilence(calls, plan, { seed: 3 }), predictSilence(calls, plan, { seed: 3 }));
  const { p95 } = predictSilence(calls, {}, { seed: 3 });
  assert.deepEqual(p95.change, { value: 0, low: 0, high: 0 });
  assert.deepEqual(p95.before, p95.after);
});

test('a prompt is answered as quickly as prompts of its length were', () => {
  const measured = new Measured(
    Array.from({ length: 400 }, (_, index) => ({
      call: `${index % 50}`,
      firstByte: 1_000 * index,
      inputTokens: 10 * index,
    })),
  );
  const random = seeded(1);
  for (let draw = 0; draw < 200; draw += 1) {
    const { inputTokens = 0 } = measured.draw(2_000, random);
    assert.ok(Math.abs(inputTokens - 2_000) <= 200, `${inputTokens}`);
    assert.ok((measured.draw(1e6, random).inputTokens ?? 0) >= 3_600);
    assert.ok((measured.draw(0, random).inputTokens ?? 1e6) < 400);
  }
});
