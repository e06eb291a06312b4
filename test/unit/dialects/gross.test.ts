import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Counting, grossUsage, type TokenCounts } from '../../../exporter/dialects/gross.ts';

const inOut = (counts: TokenCounts, counting?: Counting): [number | undefined, number | undefined] => {
  const { inputTokens, outputTokens } = grossUsage(counts, counting);
  return [inputTokens, outputTokens];
};

describe('token counts are made gross', () => {
  it('where they cannot be: more cached and written tokens than input', () => {
    assert.deepEqual(inOut({ inputTokens: 4, cachedInputTokens: 2183, outputTokens: 104 }), [2187, 104]);
    assert.deepEqual(inOut({ inputTokens: 270, cacheCreationInputTokens: 8000, outputTokens: 1 }), [8270, 1]);
    const both = {
      inputTokens: 3,
      cachedInputTokens: 7917,
      cacheCreationInputTokens: 350,
      outputTokens: 442,
    };
    assert.deepEqual(inOut(both), [8270, 442]);
  });

  it('where they cannot be: more reasoning than output', () => {
    assert.deepEqual(inOut({ inputTokens: 1000, outputTokens: 100, reasoningTokens: 400 }), [1000, 500]);
    assert.deepEqual(inOut({ inputTokens: 1000, outputTokens: 500, reasoningTokens: 400 }), [1000, 500]);
  });

  it('where the total shows which parts it counts beside input and output', () => {
    const parts = { inputTokens: 1000, outputTokens: 500, cachedInputTokens: 300, reasoningTokens: 50 };
    assert.deepEqual(inOut({ ...parts, totalTokens: 1500 }), [1000, 500]);
    assert.deepEqual(inOut({ ...parts, totalTokens: 1800 }), [1300, 500]);
    assert.deepEqual(inOut({ ...parts, totalTokens: 1550 }), [1000, 550]);
    assert.deepEqual(inOut({ ...parts, totalTokens: 1850 }), [1300, 550]);
    assert.deepEqual(inOut({ ...parts, cacheCreationInputTokens: 20, totalTokens: 1520 }), [1020, 500]);
  });

  it('where the source is known to count so, whatever total it adds up', () => {
    const counts = { inputTokens: 3000, cachedInputTokens: 2183, outputTokens: 104, totalTokens: 3104 };
    assert.deepEqual(inOut(counts), [3000, 104]);
    assert.deepEqual(inOut(counts, { promptIsNet: true }), [5183, 104]);
    const thoughts = { inputTokens: 10, outputTokens: 90, reasoningTokens: 40 };
    assert.deepEqual(inOut(thoughts, { answerIsNet: true }), [10, 130]);
    assert.deepEqual(inOut({ ...thoughts, totalTokens: 100 }, { answerIsNet: true }), [10, 90]);
  });

  it('takes the rest of a total for thoughts where they are billed so, and for unknown elsewhere', () => {
    const counts = { inputTokens: 1000, outputTokens: 100, totalTokens: 1500 };
    assert.deepEqual(grossUsage(counts, { restIsThoughts: true }), {
      inputTokens: 1000,
      outputTokens: 500,
      reasoningTokens: 400,
    });
    assert.deepEqual(grossUsage(counts), { inputTokens: 1000, outputTokens: 100, unexplainedTokens: 400 });
  });

  it('leaves gross counts alone, and counts that are unknown unknown', () => {
    const gross = { inputTokens: 100, cachedInputTokens: 100, outputTokens: 10, reasoningTokens: 10 };
    assert.deepEqual(grossUsage({ ...gross, totalTokens: 110 }), gross);
    assert.deepEqual(grossUsage({ ...gross, totalTokens: 1 }), gross);
    assert.deepEqual(grossUsage({}), {});
    assert.deepEqual(grossUsage({ outputTokens: 5, totalTokens: 50 }), { outputTokens: 5 });
    assert.deepEqual(grossUsage({ cachedInputTokens: 5 }), { cachedInputTokens: 5 });
  });

  it('never has a part larger than the whole, and is the same when it is done again', () => {
    const counts = fc.record(
      {
        inputTokens: fc.nat(5000),
        outputTokens: fc.nat(5000),
        cachedInputTokens: fc.nat(5000),
        cacheCreationInputTokens: fc.nat(5000),
        reasoningTokens: fc.nat(5000),
        totalTokens: fc.nat(20_000),
      },
      { requiredKeys: ['inputTokens', 'outputTokens'] },
    );
    fc.assert(
      fc.property(counts, (reported) => {
        const usage = grossUsage(reported);
        const { inputTokens = 0, outputTokens = 0, reasoningTokens = 0 } = usage;
        assert.ok((usage.cachedInputTokens ?? 0) + (usage.cacheCreationInputTokens ?? 0) <= inputTokens);
        assert.ok(reasoningTokens <= outputTokens);
        const { unexplainedTokens: _, ...again } = usage;
        assert.deepEqual(grossUsage(again), again);
      }),
    );
  });
});
