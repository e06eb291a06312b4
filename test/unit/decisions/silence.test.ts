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
const casesOf = (calls: ReturnType<typeof callsOf>, name: string) =>
  calls.map(({ turns }, index) => ({ call: `${name} ${index}`, turns }));
const figuresOf = (calls: ReturnType<typeof callsOf>) => {
  const seconds = calls.flatMap(({ turns }) => turns.map(({ schedule }) => schedule.playback / 1e6));
  return { p50: quantileOf(seconds, 0.5), p95: quantileOf(seconds, 0.95), mean: mean(seconds) };
};

/** Turns that the other model answered already: nothing is swapped in them. */
const unchanged = (cases: ReturnType<typeof casesOf>) =>
  cases.map(({ call, turns }) => ({
    call,
    turns: turns.map(({ request: _, ...turn }) => ({ ...turn, earlier: [] })),
  }));
const measuredIn = (calls: ReturnType<typeof callsOf>, name: string) =>
  calls.flatMap(({ measurements }, index) =>
    measurements.map((each) => ({ ...each, call: `${name} ${index}` })),
  );

describe('where a model is really swapped', () => {
  // The world in which it is: so many calls that its figures are the truth.
  const truth = figuresOf(callsOf(FAST, 6_000, 900_001));
  const before = figuresOf(callsOf(SLOW, 6_000, 900_002));
  const worlds = {
    'calls of another agent show how fast it is': (seed: number) => ({
      cases: casesOf(callsOf(SLOW, 50, 2 * seed + 1), 'asked'),
      measured: measuredIn(callsOf(FAST, 40, 2 * seed + 2), 'measured'),
      /** Of the calls that are asked about, those in which it is swapped. */
      changed: 1,
    }),
    'a fifth of 130 calls have it already, and no others show how fast it is': (seed: number) => {
      const canary = callsOf(FAST, 26, 2 * seed + 2);
      return {
        cases: [
          ...casesOf(callsOf(SLOW, 104, 2 * seed + 1), 'asked'),
          ...unchanged(casesOf(canary, 'canary')),
        ],
        measured: measuredIn(canary, 'canary'),
        changed: undefined,
      };
    },
  };
  for (const [world, simulate] of Object.entries(worlds)) {
    const held = Object.fromEntries(SILENCE_FIGURES.map((name) => [name, { after: 0, change: 0 }]));
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const { cases, measured, changed } = simulate(seed);
      const predicted = predictSilence(cases, { llm: new Measured(measured) }, { seed, replicates: 160 });
      for (const name of SILENCE_FIGURES) {
        const { after, change } = predicted[name];
        const counts = held[name];
        if (counts === undefined) continue;
        if (after.low <= truth[name] && after.high >= truth[name]) counts.after += 1;
        const really = truth[name] - before[name];
        if (changed === undefined || (change.low <= really && change.high >= really)) counts.change += 1;
      }
    }
    for (const name of SILENCE_FIGURES)
      test(`${world}: the intervals of the ${name} hold it in 85 of ${SEEDS} seeds or more`, () => {
        assert.ok((held[name]?.after ?? 0) >= 85, `silence then: ${held[name]?.after}`);
        assert.ok((held[name]?.change ?? 0) >= 85, `change: ${held[name]?.change}`);
      });
  }
});

test('the same seed predicts the same, and what does not change has no change', () => {
  const calls = casesOf(callsOf(SLOW, 20, 5), 'asked');
  const plan = { llm: new Measured(callsOf(FAST, 20, 6).flatMap(({ measurements }) => measurements)) };
  assert.deepEqual(predictSilence(calls, plan, { seed: 3 }), predictSilence(calls, plan, { seed: 3 }));
  const { p95 } = predictSilence(calls, {}, { seed: 3 });
  assert.deepEqual(p95.change, { value: 0, low: 0, high: 0 });
  assert.deepEqual(p95.before, p95.after);
});

test('of prompts the nearest are drawn, and all that are as near: none for its place in the list', () => {
  const many = (inputTokens: number, count: number, firstByte: number) =>
    Array.from({ length: count }, (_, call) => ({ call: `${call}`, firstByte, inputTokens }));
  const measured = new Measured([...many(1_800, 200, 1), ...many(2_400, 30, 2), ...many(2_500, 90, 3)]);
  const random = seeded(1);
  const drawn = (tokens: number) =>
    [...new Set(Array.from({ length: 300 }, () => measured.draw(tokens, random).firstByte))].sort();
  assert.deepEqual([2_400, 2_500, 1_700, 9_000].map(drawn), [[2, 3], [3], [1], [3]]);
});

test('what is measured in a call comes as often as the call', () => {
  const measured = new Measured(
    ['a', 'b', 'c', 'd'].map((call, index) => ({ call, firstByte: index, inputTokens: 1 })),
  );
  const of = (drawn: ReadonlyMap<string, number>) =>
    measured.resample(seeded(1), drawn).measurements.map(({ call }) => call);
  const joint = of(
    new Map([
      ['a', 3],
      ['b', 0],
    ]),
  );
  assert.deepEqual(joint.slice(0, 3), ['a', 'a', 'a']);
  assert.ok(joint.length === 5 && joint.slice(3).every((call) => call === 'c' || call === 'd'));
  assert.equal(of(new Map(['a', 'b', 'c', 'd'].map((call) => [call, 0]))).length, 4);
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
