import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { sumUsd } from '../../../exporter/pricing/index.ts';
import type { StageFact } from '../../../model/facts.ts';
import { LATENCIES, SEGMENTS } from '../../../model/vocabulary.ts';
import { call, stage, turn } from './builders.ts';
import { asWritten, GOLDEN_CALLS, PRICES } from './golden.ts';

for (const { name, facts, metrics, logs } of GOLDEN_CALLS) {
  test(`${name}: the rows are those worked out by hand`, () => {
    const rows = finalizeCall(facts, PRICES);
    assert.deepEqual(asWritten(rows.metrics), metrics);
    assert.deepEqual(rows.logs.map(asWritten), logs);
  });
}

test('facts in any order and any number give the same rows', () => {
  const all = GOLDEN_CALLS.map(({ facts }) => facts);
  const delivery = fc.constantFrom(...all).chain((facts) =>
    fc.record({
      facts: fc.constant(facts),
      delivered: fc
        .array(fc.constantFrom(...facts), { maxLength: 20 })
        .chain((again) =>
          fc.shuffledSubarray([...facts, ...again], { minLength: facts.length + again.length }),
        ),
    }),
  );
  fc.assert(
    fc.property(delivery, ({ facts, delivered }) => {
      // As the journal keeps them: through JSON.
      const read = JSON.parse(JSON.stringify(delivered));
      assert.deepEqual(finalizeCall(read, PRICES), finalizeCall(facts, PRICES));
    }),
  );
});

/** Stages of any shape; some with usage that contradicts itself. */
const anyStage = fc
  .record({
    kind: fc.constantFrom('stt', 'llm', 'tts', 'playback', 'tool'),
    turnIndex: fc.option(fc.nat(3), { nil: undefined }),
    times: fc.array(fc.nat(20_000), { minLength: 3, maxLength: 3 }),
    more: fc.record(
      {
        provider: fc.constantFrom('deepgram', 'groq', 'cartesia', 'nobody'),
        model: fc.constantFrom('nova-3', 'llama', 'sonic-3', 'nothing'),
        cancelled: fc.boolean(),
        errorType: fc.constant('Error'),
        usage: fc.record(
          {
            inputTokens: fc.nat(5000),
            cachedInputTokens: fc.nat(5000),
            outputTokens: fc.nat(500),
            characters: fc.nat(500),
            audioSeconds: fc.double({ min: 0, max: 100, noNaN: true }),
          },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ kind, turnIndex, times: [a = 0, b = 0, c = 0], more }): StageFact => {
    const [start = 0, middle = 0, end = 0] = [a, b, c].sort((x, y) => x - y);
    return stage(kind, turnIndex, [start, middle, end], more);
  });
const anyCall = fc.record({
  stages: fc.array(anyStage, { maxLength: 25 }),
  turns: fc.uniqueArray(fc.nat(3), { minLength: 1 }),
  transport: fc.constantFrom('twilio', 'livekit', 'other'),
  ended: fc.nat(3_000),
});

test('of any call: segments sum to the EOU latency, parts of the cost to the total, turns and call agree', () => {
  fc.assert(
    fc.property(anyCall, ({ stages, turns, transport, ended }) => {
      const facts = [
        call([0, 30_000], { transport, direction: 'inbound' }),
        ...turns.map((index) => turn(index, [1_000 * index, 20_000], { speechEndedUs: stageTime(ended) })),
        ...stages,
      ];
      const { metrics, logs } = finalizeCall(facts, PRICES);

      for (const row of logs) {
        const segments = SEGMENTS.map((segment) => row[`segment_${segment}`]).filter(
          (value) => value !== null,
        );
        const micros = segments.reduce((sum, seconds) => sum + Math.round(seconds * 1e6), 0);
        if (row.eou_latency !== null) assert.equal(micros, Math.round(row.eou_latency * 1e6));
        else assert.deepEqual(segments, []);
        assertSum(row.cost_total, [row.cost_stt, row.cost_llm, row.cost_tts]);
      }

      const { cost_stt, cost_llm, cost_tts, cost_livekit, cost_telephony } = metrics;
      assertSum(metrics.cost_total, [cost_stt, cost_llm, cost_tts, cost_livekit, cost_telephony]);
      for (const latency of LATENCIES) {
        const known = logs.map((row) => row[latency]).filter((value) => value !== null);
        const mean = known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
        assertNear(metrics[`${latency}_avg`], mean);
        assertNear(metrics[`${latency}_max`], known.length === 0 ? null : Math.max(...known));
        assertNear(metrics[`${latency}_min`], known.length === 0 ? null : Math.min(...known));
        assertNear(metrics[`${latency}_p50`], percentileCont(known, 0.5));
        assertNear(metrics[`${latency}_p95`], percentileCont(known, 0.95));
      }
      assert.equal(metrics.turn_count, logs.length);
      const inTurns = (facts: readonly StageFact[]): number =>
        facts.reduce((sum, fact) => sum + (fact.stage === 'llm' ? (fact.usage?.inputTokens ?? 0) : 0), 0);
      assert.equal(metrics.llm_input_tokens ?? 0, inTurns(stages));
      assert.deepEqual(metrics.unpriced, [...new Set(metrics.unpriced)].sort());
    }),
  );
});

const stageTime = (ms: number): number => call([ms, ms]).startUs;

function assertSum(
  total: Parameters<typeof sumUsd>[0] extends Iterable<infer D> ? D : never,
  parts: Parameters<typeof sumUsd>[0],
): void {
  assert.equal(total?.toFixed(), sumUsd(parts)?.toFixed());
}

function assertNear(actual: number | null, expected: number | null): void {
  if (actual === null || expected === null) assert.equal(actual, expected);
  else assert.ok(Math.abs(actual - expected) < 1e-9, `saw ${actual}, expected ${expected}`);
}

/** PostgreSQL's definition, written as its manual has it: row numbers around 1 + p(n − 1). */
function percentileCont(values: readonly number[], p: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const row = 1 + p * (sorted.length - 1);
  const [floor, ceil] = [Math.floor(row), Math.ceil(row)];
  const [low, high] = [sorted[floor - 1], sorted[ceil - 1]];
  if (low === undefined || high === undefined) return null;
  return floor === ceil ? low : (ceil - row) * low + (row - floor) * high;
}
