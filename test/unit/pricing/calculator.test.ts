import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  CostBreakdown,
  CostCalculator,
  catalogue,
  type Priced,
  priceStage,
  sumUsd,
  Usd,
} from '../../../exporter/pricing/index.ts';

const AGENT = {
  stt: { provider: 'deepgram', model: 'nova-3' },
  llm: { provider: 'groq', model: 'llama-3.1-8b-instant' },
  tts: { provider: 'cartesia', model: 'sonic-3' },
} as const;
const JUNE = Date.parse('2026-06-01') * 1_000;

const exact = (costs: CostBreakdown) => ({
  stt: costs.stt?.toString(),
  llm: costs.llm?.toString(),
  tts: costs.tts?.toString(),
  livekit: costs.livekit?.toString(),
  telephony: costs.telephony?.toString(),
  total: costs.total?.toString(),
  unpriced: costs.unpriced,
});

describe('the cost of a call', () => {
  it('is that of its parts', () => {
    const costs = new CostCalculator(AGENT).calculate({
      stt: { usage: { audioSeconds: 180 } },
      llm: { usage: { inputTokens: 4_000, outputTokens: 500 } },
      tts: { usage: { characters: 900 } },
    });
    assert.deepEqual(exact(costs), {
      stt: '0.0144',
      llm: '0.00024',
      tts: '0.045',
      livekit: undefined,
      telephony: undefined,
      total: '0.05964',
      unpriced: [],
    });
    assert.equal(costs.priceList, catalogue().name);
  });

  it('counts each request of a list by itself, with its own model', () => {
    const costs = new CostCalculator({ stt: { provider: 'groq', model: 'whisper-large-v3' } }).calculate({
      // 18 requests of 2 s are billed as 18 × 10 s: 180 × 0.111 / 3600
      stt: Array.from({ length: 18 }, () => ({ usage: { audioSeconds: 2 } })),
      llm: [
        { provider: 'openai', model: 'gpt-4o', usage: { inputTokens: 100, outputTokens: 0 } },
        { provider: 'openai', model: 'gpt-9', usage: { inputTokens: 100, outputTokens: 0 } },
        { provider: 'openai', model: 'gpt-9', usage: { inputTokens: 100, outputTokens: 0 } },
      ],
      telephony: [
        { provider: 'twilio', model: 'inbound', durationSeconds: 61 },
        { provider: 'twilio', model: 'outbound', durationSeconds: 30 },
      ],
      livekit: { durationSeconds: 61 },
    });
    assert.deepEqual(exact(costs), {
      stt: '0.00554999999999999994',
      llm: '0.00025',
      tts: undefined,
      livekit: undefined,
      telephony: '0.031',
      total: '0.03679999999999999994',
      unpriced: ['llm:openai/gpt-9', 'livekit:livekit/connection'],
    });
  });

  it('is by the prices of its day, or by the newest when no day is said', () => {
    const stt = { provider: 'deepgram', model: 'nova-3', streaming: false };
    const usage = { stt: { usage: { audioSeconds: 60 } } };
    const calculator = new CostCalculator({ stt });
    assert.equal(calculator.calculate({ ...usage, atUs: JUNE }).total?.toString(), '0.0043');
    assert.equal(calculator.calculate(usage).total?.toString(), '0.0077');
  });

  it('of nothing is unknown, not 0', () => {
    const costs = new CostCalculator().calculate({});
    assert.equal(costs.total, undefined);
    assert.deepEqual(costs.toDict(), {
      cost_stt: null,
      cost_llm: null,
      cost_tts: null,
      cost_livekit: null,
      cost_telephony: null,
      cost_total: null,
      unpriced: [],
    });
  });
});

describe('the cost of a row', () => {
  const row = {
    started_at: JUNE,
    direction: 'outbound',
    duration_seconds: 61,
    turn_count: 3,
    llm_input_tokens: null,
    llm_cached_tokens: null,
    llm_output_tokens: null,
    stt_audio_seconds: 60,
    tts_characters: 200,
    tts_audio_seconds: 12.5,
  };

  it('uses the providers of the options and the direction of the row', () => {
    const options = { stt: AGENT.stt, tts: AGENT.tts, telephony: { provider: 'twilio' } };
    assert.deepEqual(exact(new CostCalculator(options).calculateFromMetrics(row)), {
      stt: '0.0048',
      llm: undefined,
      tts: '0.01',
      livekit: undefined,
      telephony: '0.028',
      total: '0.0428',
      unpriced: [],
    });
  });

  it('names what was expected and has no quantity, unless the call had no turn', () => {
    const calculator = new CostCalculator(AGENT);
    assert.deepEqual(calculator.calculateFromMetrics(row).unpriced, ['llm:groq/llama-3.1-8b-instant']);
    const unanswered = {
      ...row,
      turn_count: 0,
      stt_audio_seconds: null,
      tts_characters: null,
      tts_audio_seconds: null,
    };
    assert.deepEqual(calculator.calculateFromMetrics(unanswered).unpriced, []);
    assert.equal(calculator.calculateFromMetrics(unanswered).total, undefined);
  });

  it('names quantities of a component that no one said the provider of', () => {
    assert.deepEqual(new CostCalculator().calculateFromMetrics(row).unpriced, [
      'stt:unknown/unknown',
      'tts:unknown/unknown',
    ]);
  });
});

describe('the estimate of a minute', () => {
  it('has defaults of a plain conversation', () => {
    const costs = new CostCalculator(AGENT).estimateCostPerMinute();
    assert.deepEqual(exact(costs), {
      stt: '0.0048',
      llm: '0.0001692',
      tts: '0.036',
      livekit: undefined,
      telephony: undefined,
      total: '0.0409692',
      unpriced: [],
    });
  });

  it('follows its assumptions, minimums of each request included', () => {
    const calculator = new CostCalculator({
      ...AGENT,
      stt: { provider: 'groq', model: 'whisper-large-v3-turbo' },
      llm: { provider: 'openai', model: 'gpt-4o' },
      telephony: { provider: 'twilio' },
      livekit: {},
    });
    const costs = calculator.estimateCostPerMinute({
      turnsPerMinute: 9,
      sttSecondsPerTurn: 2,
      llmInputTokensPerTurn: 1_000,
      llmCachedTokensPerTurn: 400,
      llmOutputTokensPerTurn: 100,
      ttsCharactersPerTurn: 100,
      direction: 'outbound',
    });
    // 9 requests of 10 s: 90 × 0.04 / 3600; 9 × 0.003; 9 × 0.005
    assert.equal(costs.stt?.toFixed(12), '0.001000000000');
    assert.equal(costs.llm?.toString(), '0.027');
    assert.equal(costs.tts?.toString(), '0.045');
    assert.equal(costs.telephony?.toString(), '0.014');
    assert.deepEqual(costs.unpriced, ['livekit:livekit/connection']);
  });
});

describe('a breakdown is shown', () => {
  it('with 4 places, rounded half up, in dollars and in cents', () => {
    const cost = (text: string): Priced => ({ cost: new Usd(text), entry: 'a test' });
    const costs = new CostBreakdown('a test', {
      stt: [cost('0.00488')],
      llm: [cost('0.00005')],
      tts: [cost('0.00004999')],
    });
    assert.deepEqual(costs.toDict(), {
      cost_stt: '0.0049',
      cost_llm: '0.0001',
      cost_tts: '0.0000',
      cost_livekit: null,
      cost_telephony: null,
      cost_total: '0.0050',
      unpriced: [],
    });
    assert.deepEqual(costs.toCentsDict(), {
      cost_stt_cents: '0.4880',
      cost_llm_cents: '0.0050',
      cost_tts_cents: '0.0050',
      cost_livekit_cents: null,
      cost_telephony_cents: null,
      cost_total_cents: '0.4980',
      unpriced: [],
    });
  });

  it('with its unpriced parts, so that a lower bound is known for one', () => {
    const costs = new CostCalculator(AGENT).calculate({ stt: {}, tts: { usage: { characters: 100 } } });
    assert.equal(costs.toDict().cost_total, '0.0050');
    assert.deepEqual(costs.toDict().unpriced, ['stt:deepgram/nova-3']);
  });
});

describe('always', () => {
  const seconds = fc.integer({ min: 0, max: 36_000_000 }).map((ms) => ms / 1_000);
  const count = fc.nat({ max: 10_000_000 });
  const used = fc.record({ seconds, input: count, cached: count, output: count, characters: count });
  type Used = typeof used extends fc.Arbitrary<infer T> ? T : never;
  const calculator = new CostCalculator({ ...AGENT, telephony: { provider: 'twilio', model: 'inbound' } });
  const costsOf = ({ seconds, input, cached, output, characters }: Used) =>
    calculator.calculate({
      stt: { usage: { audioSeconds: seconds } },
      llm: {
        usage: { inputTokens: input + cached, cachedInputTokens: cached, outputTokens: output },
      },
      tts: { usage: { characters } },
      telephony: { durationSeconds: seconds },
    });

  it('the parts sum to the total, exactly and in any order', () => {
    fc.assert(
      fc.property(used, (usage) => {
        const { stt, llm, tts, telephony, total } = costsOf(usage);
        assert.ok(total);
        assert.ok(sumUsd([telephony, tts, llm, stt])?.equals(total));
      }),
    );
  });

  it('the total of calls is the same summed by call and summed by component', () => {
    fc.assert(
      fc.property(fc.array(used, { minLength: 1, maxLength: 20 }), (usages) => {
        const costs = usages.map(costsOf);
        const byCall = sumUsd(costs.map(({ total }) => total));
        const byComponent = sumUsd(
          (['tts', 'telephony', 'stt', 'llm'] as const).map((part) =>
            sumUsd(costs.map((cost) => cost[part])),
          ),
        );
        assert.ok(byCall && byComponent?.equals(byCall));
      }),
    );
  });

  it('a cost grows with usage in proportion where nothing is rounded', () => {
    fc.assert(
      fc.property(count, count, fc.integer({ min: 1, max: 50 }), (tokens, characters, times) => {
        const cost = (n: number) =>
          calculator.calculate({
            llm: { usage: { inputTokens: tokens * n, outputTokens: tokens * n } },
            tts: { usage: { characters: characters * n } },
          }).total ?? assert.fail();
        assert.ok(cost(times).equals(cost(1).times(times)));
      }),
    );
  });

  it('no cost is negative, and time costs at least what it was', () => {
    fc.assert(
      fc.property(seconds, (audioSeconds) => {
        const costOf = (model: string) => {
          const stage = {
            component: 'stt',
            provider: 'groq',
            model,
            atUs: Number.POSITIVE_INFINITY,
          } as const;
          const priced = priceStage(catalogue(), { ...stage, usage: { audioSeconds } });
          return priced && 'cost' in priced ? priced.cost : assert.fail();
        };
        const least = new Usd(audioSeconds).times('0.111').dividedBy(3_600).toDecimalPlaces(20);
        assert.ok(costOf('whisper-large-v3').greaterThanOrEqualTo(least));
      }),
    );
  });
});
