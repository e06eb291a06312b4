import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CallFile, computedAgain } from '../../../exporter/call-file/index.ts';
import { CallFileReader } from '../../../exporter/call-file/lines.ts';
import { catalogue, type PriceList, PricingConfig, withOverrides } from '../../../exporter/pricing/index.ts';
import type { Fact } from '../../../model/facts.ts';
import { rowJson } from '../../../model/row-json.ts';
import { callFileOf, linesWithEnd, shortCall } from '../../support/call-files.ts';
import { caseCalls, recordedFacts } from '../../support/otlp-json.ts';
import { RECORDING_PRICES } from '../../support/recorded-rows.ts';
import { GOLDEN_CALLS, PRICES } from '../calls/golden.ts';

function read(lines: readonly string[]): CallFile {
  const reader = new CallFileReader();
  for (const line of lines) reader.line(line);
  return reader.finish();
}

const rowsText = ({ metrics, turns }: Pick<CallFile, 'metrics' | 'turns'>): string =>
  JSON.stringify(rowJson({ ...metrics, turns }));

const RECORDINGS = [
  'livekit-js',
  'livekit-python',
  'pipecat',
  'genai',
  'ai-sdk',
  'anthropic',
  'openinference',
  'traceloop',
];
const CASES = [
  '01-cached-price-openai',
  '10-livekit-realtime-js-cached',
  '12-livekit-inference',
  '31-gemini-text-unpriced',
];

const CALLS: readonly (readonly [name: string, facts: readonly Fact[], prices: PriceList])[] = [
  ...GOLDEN_CALLS.map(({ name, facts }) => [name, facts, PRICES] as const),
  ...RECORDINGS.map(
    (name) => [`recorded ${name}`, recordedFacts(name, { captureContent: true }), RECORDING_PRICES] as const,
  ),
  ...CASES.flatMap((name) =>
    [...caseCalls(name)].map(([id, facts]) => [`${name} ${id}`, facts, catalogue()] as const),
  ),
];

describe('a call as a file', () => {
  for (const [name, facts, prices] of CALLS)
    test(`${name}: has the rows to the last byte, and they can be computed again from it`, () => {
      for (const content of [true, false]) {
        const file = callFileOf(facts, prices, content);
        const back = read(linesWithEnd(file));
        assert.equal(rowsText(back), rowsText(file));
        assert.deepEqual(computedAgain(back)?.differences, []);
        assert.deepEqual(back.facts, file.facts);
      }
    });

  test('has the prices that were used, of whichever list, and no others', () => {
    const [, facts = []] = CALLS.find(([name]) => name === 'plain') ?? [];
    const own = {
      provider: 'groq',
      entries: [
        {
          component: 'llm',
          models: ['llama'],
          history: [
            {
              valid_from: '2020-01-01',
              prices: { per_million_input_tokens: '0.0123456789', per_million_output_tokens: '7' },
              service_tiers: { flex: { per_million_input_tokens: '1', per_million_output_tokens: '2' } },
              long_prompt: {
                above_input_tokens: 10,
                prices: { per_million_input_tokens: '3', per_million_output_tokens: '4' },
              },
              source: 'contract',
              checked_on: '2026-01-01',
              confidence: 'A',
            },
          ],
        },
      ],
    };
    for (const list of [new PricingConfig(), withOverrides(PRICES, own), withOverrides(catalogue(), own)]) {
      const file = callFileOf(facts, list);
      const back = read(linesWithEnd(file));
      assert.equal(back.priceList, list.name);
      assert.ok(back.prices.length > 0 && back.prices.length <= 4, `${back.prices.length}`);
      assert.deepEqual(computedAgain(back)?.differences, []);
    }
  });

  test('without content has no word that was said, and keeps what the words told', () => {
    const facts = recordedFacts('livekit-python', { captureContent: true });
    const whole = callFileOf(facts, RECORDING_PRICES, true);
    const words = whole.turns.flatMap(({ user_text, agent_text }) => [user_text, agent_text]);
    const said = words.filter((text) => text !== null);
    assert.ok(said.length > 2);
    const file = callFileOf(facts, RECORDING_PRICES, false);
    const text = linesWithEnd(file).join('\n');
    for (const sentence of said) assert.ok(!text.includes(sentence), sentence);
    assert.equal(file.metrics.agent_words_per_minute, whole.metrics.agent_words_per_minute);
    assert.equal(file.metrics.sentiment_avg, whole.metrics.sentiment_avg);
  });

  test('says in which columns its rows are not those of its spans', () => {
    const file = shortCall();
    const [first, second] = file.turns;
    assert.ok(first && second);
    const forged = {
      ...file,
      turns: [first, { ...second, eou_latency: 0.1 }],
      metrics: { ...file.metrics, outcome: 'SUCCESS' as const },
    };
    assert.deepEqual(computedAgain(read(linesWithEnd(forged)))?.differences, [
      'outcome',
      'turn 1: eou_latency',
    ]);
    const expired = { ...file, facts: [] };
    assert.equal(computedAgain(read(linesWithEnd(expired))), undefined);
  });

  test('takes tags in whatever order the database has them', () => {
    const file = shortCall();
    const metrics = { ...file.metrics, tags: { plan: 'gold', zone: 'b' } };
    assert.deepEqual(computedAgain(read(linesWithEnd({ ...file, metrics })))?.differences, []);
  });
});
