import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PRICE_FILES } from '../../../exporter/generated/prices.ts';
import {
  catalogue,
  type PriceList,
  PricingConfig,
  priceStage,
  type StageToPrice,
} from '../../../exporter/pricing/index.ts';
import { parsePriceFile } from '../../../exporter/pricing/price-file.ts';

const NOW = Date.parse('2026-11-25') * 1_000;
const files = PRICE_FILES.map((content) => parsePriceFile(content, 'catalogue'));
const entries = files.flatMap(({ provider, entries }) => entries.map((entry) => ({ provider, entry })));

function cost(list: PriceList, stage: Omit<StageToPrice, 'component'> & { component?: 'stt' }): string {
  const priced = priceStage(list, { component: 'stt', ...stage });
  assert.ok(priced && 'cost' in priced, JSON.stringify(priced));
  return priced.cost.toString();
}
const nova3 = { provider: 'deepgram', model: 'nova-3', atUs: NOW } as const;

describe("Deepgram's $0.0043", () => {
  it('is a price per minute: the flat card, which takes it per second, charges 60 times as much', () => {
    const minute = { ...nova3, usage: { audioSeconds: 60 } };
    const before = Date.parse('2026-06-01') * 1_000;
    assert.equal(cost(catalogue(), { ...minute, streaming: false, atUs: before }), '0.0043');
    assert.equal(cost(new PricingConfig(), minute), '0.258');
  });

  it('is a price of recordings: a live stream has its own', () => {
    const minute = { ...nova3, usage: { audioSeconds: 60 } };
    assert.equal(cost(catalogue(), { ...minute, streaming: true }), '0.0048');
    assert.equal(cost(catalogue(), { ...minute, streaming: false }), '0.0077');
    assert.equal(cost(catalogue(), minute), '0.0048');
    assert.equal(cost(catalogue(), { ...minute, usage: { audioSeconds: 61 } }), '0.00488');
  });

  it('held until 2 July 2026, and calls before keep it', () => {
    const recording = { ...nova3, usage: { audioSeconds: 60 }, streaming: false };
    const change = Date.parse('2026-07-02') * 1_000;
    assert.equal(cost(catalogue(), { ...recording, atUs: change - 1 }), '0.0043');
    assert.equal(cost(catalogue(), { ...recording, atUs: change }), '0.0077');
    const multilingual = { ...recording, model: 'nova-3-multilingual' };
    assert.equal(cost(catalogue(), { ...multilingual, atUs: change - 1 }), '0.0052');
    assert.equal(cost(catalogue(), { ...multilingual, atUs: change }), '0.0092');
  });
});

describe('the catalogue', () => {
  it('is named after the newest day on which a price was changed or checked', () => {
    assert.equal(catalogue().name, 'catalogue@2026-11-29');
  });

  it('has a source, a day and a positive price in every entry', () => {
    assert.ok(entries.length > 40);
    for (const { provider, entry } of entries) {
      for (const { validFrom, checkedOn, source, rates } of entry.history) {
        const what = `${provider}/${entry.models[0]} ${validFrom}`;
        assert.ok(source.length > 10, what);
        const isAnnounced = validFrom > '2026-11-29';
        assert.ok(isAnnounced || checkedOn >= validFrom, `${what}: not checked since it began`);
        assert.ok(checkedOn <= '2026-11-29', what);
        for (const rate of Object.values(rates)) assert.ok(rate.price.greaterThan(0), what);
      }
    }
  });

  it('finds each of its models by each of its names', () => {
    for (const { provider, entry } of entries) {
      for (const model of entry.models) {
        const { component, mode, history } = entry;
        const match = catalogue().find({
          component,
          provider,
          model,
          streaming: mode !== 'batch',
          atUs: Number.POSITIVE_INFINITY,
        });
        const name = [entry.models[0], mode].filter((part) => part !== undefined).join(':');
        const newest = history.at(-1);
        assert.equal(
          match?.price?.entry,
          newest && `${component}:${provider}/${name}@${newest.validFrom}`,
          `${provider}/${model}`,
        );
        assert.equal(match?.specificity, Number.POSITIVE_INFINITY);
      }
    }
  });

  // Component, provider, model as an application names it, and the prices by quantity: the list prices of record.
  const record: [StageToPrice['component'] | 'telephony', string, string, string][] = [
    ['stt', 'deepgram', 'nova-3', '0.0048/60'],
    ['stt', 'deepgram', 'nova-3-multilingual', '0.0058/60'],
    ['stt', 'deepgram', 'flux-general-en', '0.0065/60'],
    ['stt', 'deepgram', 'flux-general-multi', '0.0078/60'],
    ['stt', 'cartesia', 'ink-whisper', '0.003/60'],
    ['stt', 'cartesia', 'ink-2', '0.009/60'],
    ['stt', 'elevenlabs', 'scribe_v2_realtime', '0.39/3600'],
    ['stt', 'elevenlabs', 'scribe_v1', '0.22/3600'],
    ['stt', 'groq', 'whisper-large-v3', '0.111/3600'],
    ['stt', 'groq', 'whisper-large-v3-turbo', '0.04/3600'],
    ['stt', 'openai', 'whisper-1', '0.006/60'],
    ['stt', 'openai', 'gpt-4o-transcribe', '2.5/1000000 10/1000000 6/1000000 0.006/60'],
    ['stt', 'openai', 'gpt-4o-mini-transcribe', '1.25/1000000 5/1000000 3/1000000 0.003/60'],
    ['stt', 'openai', 'gpt-realtime-whisper', '0.017/60'],
    ['llm', 'groq', 'llama-3.3-70b-versatile', '0.59/1000000 0.79/1000000'],
    ['llm', 'groq', 'llama-3.1-8b-instant', '0.05/1000000 0.08/1000000'],
    ['llm', 'groq', 'openai/gpt-oss-120b', '0.15/1000000 0.075/1000000 0.6/1000000'],
    ['llm', 'groq', 'openai/gpt-oss-20b', '0.075/1000000 0.0375/1000000 0.3/1000000'],
    ['llm', 'groq', 'meta-llama/llama-4-scout-17b-16e-instruct', '0.11/1000000 0.34/1000000'],
    ['llm', 'groq', 'meta-llama/llama-4-maverick-17b-128e-instruct', '0.2/1000000 0.6/1000000'],
    ['llm', 'groq', 'qwen/qwen3-32b', '0.29/1000000 0.59/1000000'],
    ['llm', 'groq', 'moonshotai/kimi-k2-instruct-0905', '1/1000000 0.5/1000000 3/1000000'],
    ['llm', 'openai', 'gpt-4o-2024-11-20', '2.5/1000000 1.25/1000000 10/1000000'],
    ['llm', 'openai', 'gpt-4o-mini', '0.15/1000000 0.075/1000000 0.6/1000000'],
    ['llm', 'openai', 'gpt-4.1', '2/1000000 0.5/1000000 8/1000000'],
    ['llm', 'openai', 'gpt-4.1-mini', '0.4/1000000 0.1/1000000 1.6/1000000'],
    ['llm', 'openai', 'gpt-5', '1.25/1000000 0.125/1000000 10/1000000'],
    ['llm', 'openai', 'gpt-5-mini', '0.25/1000000 0.025/1000000 2/1000000'],
    ['llm', 'openai', 'gpt-realtime', '4/1000000 0.4/1000000 16/1000000 32/1000000 0.4/1000000 64/1000000'],
    ['llm', 'openai', 'gpt-realtime-2', '4/1000000 0.4/1000000 24/1000000 32/1000000 0.4/1000000 64/1000000'],
    [
      'llm',
      'openai',
      'gpt-realtime-mini',
      '0.6/1000000 0.06/1000000 2.4/1000000 10/1000000 0.3/1000000 20/1000000',
    ],
    [
      'llm',
      'openai',
      'gpt-4o-realtime-preview',
      '5/1000000 2.5/1000000 20/1000000 40/1000000 2.5/1000000 80/1000000',
    ],
    ['tts', 'cartesia', 'sonic-3.5', '50/1000000'],
    ['tts', 'elevenlabs', 'eleven_flash_v2_5', '50/1000000'],
    ['tts', 'elevenlabs', 'eleven_turbo_v2_5', '50/1000000'],
    ['tts', 'elevenlabs', 'eleven_multilingual_v2', '100/1000000'],
    ['tts', 'elevenlabs', 'eleven_v3', '100/1000000'],
    ['tts', 'openai', 'tts-1', '15/1000000'],
    ['tts', 'openai', 'tts-1-hd', '30/1000000'],
    ['tts', 'openai', 'gpt-4o-mini-tts', '0.6/1000000 12/1000000 12/1000000 0.015/60'],
    ['tts', 'groq', 'canopylabs/orpheus-v1-english', '22/1000000'],
    ['telephony', 'twilio', 'inbound', '0.0085/60'],
    ['telephony', 'twilio', 'outbound', '0.014/60'],
    ['telephony', 'twilio', 'inbound-toll-free', '0.022/60'],
  ];
  for (const [component, provider, model, expected] of record) {
    it(`has ${component} of ${provider} ${model} at ${expected}`, () => {
      const { rates } = catalogue().find({ component, provider, model, atUs: NOW })?.price ?? assert.fail();
      assert.equal(
        Object.values(rates)
          .map(({ price, per }) => `${price}/${per}`)
          .join(' '),
        expected,
      );
    });
  }

  it('does not price a model by the name of a cheaper or dearer relative', () => {
    const priceOf = (model: string) =>
      catalogue().find({ component: 'llm', provider: 'openai', model, atUs: NOW })?.price;
    for (const model of ['gpt-5-image', 'gpt-realtime-translate', 'gpt-50', 'gpt-4o-audio']) {
      assert.equal(priceOf(model), undefined, model);
    }
    for (const model of ['gpt-5.1', 'gpt-5-pro', 'gpt-5-nano', 'gpt-4.1-nano', 'gpt-4o-2024-05-13']) {
      assert.match(priceOf(model)?.entry ?? '', new RegExp(`^llm:openai/${model}@`), model);
    }
  });
});
