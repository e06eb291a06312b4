import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import type { CallMetricsRow } from '../../../model/rows.ts';
import { caseCalls } from '../../support/otlp-json.ts';

/** Columns of a call's row; money as text. */
type Columns = Partial<Record<keyof CallMetricsRow, unknown>>;

/** The only call of a case. */
const ONLY = 'only';

/**
 * Spans after reports of people who run voice agents, in test/fixtures/cases, and what is right: by call, the columns
 * that the report was about, with the arithmetic in dollars per million tokens.
 */
const CASES: Record<string, Record<string, Columns>> = {
  '01-cached-price-openai': {
    // 736 × 0.40 + 11264 × 0.10 + 40 × 1.60
    'c01-gpt-4.1-mini': { cost_llm: '0.0014848', unpriced: [] },
    // 736 × 2 + 11264 × 0.50 + 40 × 8
    'c01-gpt-4.1': { cost_llm: '0.007424' },
    // 176 × 1.25 + 2048 × 0.125 + 1469 × 10
    'c01-gpt-5': { cost_llm: '0.015166' },
    // 176 × 0.25 + 2048 × 0.025 + 100 × 2
    'c01-gpt-5-mini': { cost_llm: '0.0002952' },
  },
  '03-aisdk5-anthropic-net': {
    // 4 × 1 + 2183 × 0.10 + 104 × 5
    'c03-read': { llm_input_tokens: 2187, llm_cached_tokens: 2183, cost_llm: '0.0007423' },
    // 3000 × 1 + 2183 × 0.10 + 104 × 5
    'c03-mixed': { llm_input_tokens: 5183, cost_llm: '0.0037383' },
    // 4 × 1 + 2183 × 1.25 + 104 × 5: only the provider's own object reports the write
    'c03-write': { llm_input_tokens: 2187, cost_llm: '0.00325275' },
  },
  '05-openinference-cache': {
    // 3 × 3 + 7917 × 0.30 + 350 × 3.75 + 442 × 15
    'c05-write': { llm_input_tokens: 8270, cost_llm: '0.0103266' },
    // 270 × 3 + 8000 × 3.75 + 442 × 15
    'c05-write-only': { llm_input_tokens: 8270, cost_llm: '0.03744' },
    'c05-net': { llm_input_tokens: 8270, cost_llm: '0.0103266' },
  },
  // 4 × 1 + 1163 × 1.25 + 187 × 5
  '06-traceloop-cache-write': { [ONLY]: { llm_input_tokens: 1167, cost_llm: '0.00239275' } },
  // 5 × 1 + 128955 × 0.10 + 1253 × 1.25 + 52 × 5
  '07-pydantic-ai-anthropic': { [ONLY]: { cost_llm: '0.01472675' } },
  // text 116 × 4 + 384 × 0.40, audio 260 × 32 + 640 × 0.40, out 52 × 16 + 188 × 64
  '10-livekit-realtime-js-cached': { [ONLY]: { cost_llm: '0.0220576', llm_cached_tokens: 1024 } },
  // 200 × 0.40 + 30 × 1.60; 100 characters of sonic-3
  '12-livekit-inference': {
    [ONLY]: {
      cost_llm: '0.000128',
      cost_tts: '0.005',
      unpriced: ['livekit:livekit/connection', 'stt:livekit/deepgram/nova-3'],
    },
  },
  // 200 × 1 + 8000 × 1.25 + 60 × 5
  '15-cache-write-rename': {
    'c15-genai': { cost_llm: '0.0105' },
    a00fc2b70cc74117c4bdff7a: { cost_llm: '0.0105' },
  },
  '18-gemini-live-models-prefix': {
    // 100 × 0.50 + 200 × 3 + 20 × 2 + 100 × 12
    '08ff10fb4e24eb439b642d43': { cost_llm: '0.00189' },
    // 1000 × 0.30 + 100 × 2.50
    'c18-genai': { cost_llm: '0.00055' },
  },
  '31-gemini-text-unpriced': {
    'c31-genai': { cost_llm: '0.00055' },
    // 200 × 0.30 + 30 × 2.50
    '86b338d097c1014cf3043d17': { cost_llm: '0.000135' },
    // 1000 × 1.50 + 100 × 9
    'c31-aisdk': { cost_llm: '0.0024' },
  },
};

for (const [name, expected] of Object.entries(CASES)) {
  const calls = caseCalls(name);
  for (const [id, columns] of Object.entries(expected)) {
    test(`${name}: ${id}`, () => {
      const facts =
        [...calls].find(
          ([callId]) => id === ONLY || callId === id || (/^[0-9a-f]{24}$/.test(id) && callId.startsWith(id)),
        )?.[1] ?? assert.fail();
      const row: Record<string, unknown> = { ...finalizeCall(facts, catalogue()).metrics };
      const seen = Object.keys(columns).map((column) => {
        const value = row[column];
        return [column, /^cost_/.test(column) ? (value === null ? null : String(value)) : value];
      });
      assert.deepEqual(Object.fromEntries(seen), columns);
    });
  }
}
