import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fact, StageFact, TurnFact, Usage } from '../../../model/facts.ts';
import { columnBounds, isPlausible } from '../../../model/plausible.ts';
import { type Column, ROW_TABLES } from '../../../model/rows.ts';

const startUs = Date.UTC(2026, 10, 20) * 1_000;
const base = { traceId: 'a', spanId: 'b', callId: 'CA1', name: 'x', startUs, endUs: startUs + 1_000_000 };
const stage = (usage: Usage): StageFact => ({ ...base, type: 'stage', stage: 'llm', usage });
const turn = (figures: Partial<TurnFact>): TurnFact => ({ ...base, type: 'turn', turnIndex: 0, ...figures });

const PLAUSIBLE: Record<string, Fact> = {
  'an ordinary stage': stage({ inputTokens: 812, outputTokens: 64, estimated: true }),
  'a stage that took no time and used nothing': { ...stage({ inputTokens: 0 }), endUs: startUs },
  'a turn with all kinds of figures': turn({
    sentimentScore: -1,
    speechEndedUs: startUs,
    reportedLatencies: { ttfb_llm: 0.3 },
    interruptions: [{ kind: 'barge_in', atUs: startUs, timeToSilenceSeconds: 0.2 }],
  }),
};

const IMPLAUSIBLE: Record<string, Fact> = {
  'seconds sent as nanoseconds': { ...base, type: 'other', startUs: 1_790_000, endUs: 1_790_001 },
  'microseconds sent as milliseconds': { ...base, type: 'other', endUs: startUs * 1_000 },
  'a span of eight days': { ...base, type: 'other', endUs: startUs + 8 * 86_400e6 },
  '1e308 seconds of audio': stage({ audioSeconds: 1e308 }),
  '2^53 tokens': stage({ inputTokens: 2 ** 53 }),
  'fewer than no tokens': stage({ outputTokens: -1 }),
  'the two thousand millionth turn': turn({ turnIndex: 2 ** 31 - 1 }),
  'a latency that is not a number': turn({ reportedLatencies: { ttfb_llm: Number.NaN } }),
  'a mark in 1970': turn({ speechEndedUs: 5 }),
  'an interruption in 1970': turn({ interruptions: [{ kind: 'barge_in', atUs: 5 }] }),
};

for (const [what, fact] of Object.entries(PLAUSIBLE))
  test(`${what} is plausible`, () => assert.equal(isPlausible(fact), true));

for (const [what, fact] of Object.entries(IMPLAUSIBLE))
  test(`${what} cannot be of a conversation`, () => assert.equal(isPlausible(fact), false));

test('every column of figures has bounds by its unit, and no other has', () => {
  const NO_FIGURES = ['text', 'boolean', 'text[]', 'jsonb'];
  for (const columns of Object.values<Readonly<Record<string, Column>>>(ROW_TABLES))
    for (const [name, column] of Object.entries(columns))
      assert.equal(columnBounds(column) === undefined, NO_FIGURES.includes(column.type), name);
});
