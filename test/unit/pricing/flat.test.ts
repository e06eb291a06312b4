import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Decimal } from 'decimal.js';
import {
  CostCalculator,
  PriceFileError,
  PricingConfig,
  type PricingConfigOptions,
  priceMinutes,
  priceStage,
} from '../../../exporter/pricing/index.ts';

const row = {
  stt_audio_seconds: 60,
  llm_input_tokens: 1_000_000,
  llm_cached_tokens: 400_000,
  llm_output_tokens: 1_000_000,
  tts_characters: 1_000,
  duration_seconds: 90,
};

describe('the flat rate card', () => {
  it('charges one rate a component, minutes by the second', () => {
    const costs = new CostCalculator({ priceList: new PricingConfig(), livekit: {} }).calculateFromMetrics(
      row,
    );
    assert.deepEqual(costs.toDict(), {
      cost_stt: '0.2580',
      cost_llm: '0.1300',
      cost_tts: '0.0150',
      cost_livekit: '0.0060',
      cost_telephony: null,
      cost_total: '0.4090',
      unpriced: [],
    });
    assert.equal(costs.priceList, 'flat');
  });

  it('charges any provider and model, named or not', () => {
    for (const provider of ['deepgram', 'nobody', undefined]) {
      const stage = { component: 'stt', provider, usage: { audioSeconds: 10 }, atUs: 0 } as const;
      const priced = priceStage(new PricingConfig(), stage);
      assert.ok(priced && 'cost' in priced);
      assert.equal(priced.cost.toString(), '0.043');
      assert.equal(priced.entry, 'stt:flat');
    }
  });

  it('has no telephony on it: unpriced, not free', () => {
    const leg = { component: 'telephony', provider: 'twilio', model: 'inbound', atUs: 0 } as const;
    assert.deepEqual(priceMinutes(new PricingConfig(), { ...leg, durationSeconds: 60 }), {
      unpriced: 'telephony:twilio/inbound',
    });
  });

  it('takes overrides as text, number or Decimal, and says in its name that it did', () => {
    const config = new PricingConfig({
      sttPerSecond: '0.00008',
      llmPerMillionInputTokens: 0.1,
      ttsPerThousandCharacters: new Decimal('0.02'),
    });
    assert.equal(config.name, 'flat+overrides');
    assert.equal(config.rates.sttPerSecond.toString(), '0.00008');
    assert.equal(config.rates.llmPerMillionInputTokens.toString(), '0.1');
    assert.equal(config.rates.llmPerMillionOutputTokens.toString(), '0.08');
    assert.equal(config.rates.ttsPerThousandCharacters.toString(), '0.02');
    assert.equal(config.rates.livekitPerMinute.toString(), '0.004');
    assert.equal(new PricingConfig({ sttPerSecond: '0.00430' }).name, 'flat');
  });

  for (const value of [-0.01, '-1', Number.NaN, Number.POSITIVE_INFINITY, 'much', '']) {
    it(`refuses the rate ${JSON.stringify(value)} ${String(value)} by name`, () => {
      assert.throws(
        () => new PricingConfig({ livekitPerMinute: value }),
        (error) =>
          error instanceof PriceFileError &&
          error.field === 'livekitPerMinute' &&
          error.message.startsWith('PricingConfig: flat: livekitPerMinute: '),
      );
    });
  }

  it('refuses a rate that it does not have', () => {
    const options = { sttPerMinute: '0.0043' } as PricingConfigOptions;
    assert.throws(() => new PricingConfig(options), { name: 'PriceFileError', field: 'sttPerMinute' });
  });
});
