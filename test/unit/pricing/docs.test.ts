import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  CostCalculator,
  catalogue,
  type Priced,
  PricingConfig,
  priceListFrom,
  priceMinutes,
  priceStage,
  withOverrides,
} from '../../../exporter/pricing/index.ts';
import { UNITS } from '../../../exporter/pricing/units.ts';
import { packageRoot } from '../../support/root.ts';

const page = readFileSync(join(packageRoot, 'docs/pricing.md'), 'utf8');
const jsonBlocks = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(
  ([, text]) => JSON.parse(text ?? '') as unknown,
);
const atUs = Date.parse('2026-11-23') * 1_000;
const costOf = (priced: Priced | undefined): string =>
  priced && 'cost' in priced ? priced.cost.toString() : assert.fail(JSON.stringify(priced));

describe('docs/pricing.md', () => {
  it('shows a price file that is valid and does what the page says', () => {
    const list = priceListFrom([jsonBlocks[0]]);
    const stage = {
      component: 'stt',
      provider: 'acme-ai',
      model: 'ear-2-en',
      usage: { audioSeconds: 60 },
    } as const;
    assert.equal(costOf(priceStage(list, { ...stage, atUs })), '0.0048');
    assert.equal(costOf(priceStage(list, { ...stage, atUs: Date.parse('2026-08-31') * 1_000 })), '0.006');
    assert.equal(costOf(priceStage(list, { ...stage, usage: { audioSeconds: 1 }, atUs })), '0.0008');
  });

  it('shows overrides that are valid and do what the page says', () => {
    const list = withOverrides(catalogue(), jsonBlocks[1]);
    const stage = { component: 'stt', provider: 'deepgram', usage: { audioSeconds: 60 }, atUs } as const;
    assert.equal(costOf(priceStage(list, { ...stage, model: 'nova-3' })), '0.0042');
    assert.equal(costOf(priceStage(list, { ...stage, model: 'nova-3-multilingual' })), '0.0058');
    const leg = {
      component: 'livekit',
      provider: 'livekit',
      model: 'connection',
      durationSeconds: 61,
      atUs,
    } as const;
    assert.equal(costOf(priceMinutes(list, leg)), '0.008');
  });

  it('gives the costs that come out', () => {
    const stage = { provider: 'openai', atUs } as const;
    const tokens = { inputTokens: 1_000, cachedInputTokens: 400, outputTokens: 100 };
    const list = catalogue();
    const examples: [string, Priced | undefined][] = [
      [
        '61 s of Deepgram nova-3',
        priceStage(list, {
          component: 'stt',
          provider: 'deepgram',
          model: 'nova-3',
          usage: { audioSeconds: 61 },
          atUs,
        }),
      ],
      [
        '2 s to Groq',
        priceStage(list, {
          component: 'stt',
          provider: 'groq',
          model: 'whisper-large-v3',
          usage: { audioSeconds: 2 },
          atUs,
        }),
      ],
      [
        '10.5 s to OpenAI',
        priceStage(list, { ...stage, component: 'stt', model: 'whisper-1', usage: { audioSeconds: 10.5 } }),
      ],
      [
        '61 s of Twilio',
        priceMinutes(list, {
          component: 'telephony',
          provider: 'twilio',
          model: 'inbound',
          durationSeconds: 61,
          atUs,
        }),
      ],
      [
        '1,000 input tokens',
        priceStage(list, { ...stage, component: 'llm', model: 'gpt-4o', usage: tokens }),
      ],
      [
        '120 characters',
        priceStage(list, {
          component: 'tts',
          provider: 'cartesia',
          model: 'sonic-3',
          usage: { characters: 120 },
          atUs,
        }),
      ],
    ];
    for (const [start, priced] of examples) {
      const line = page.split('\n').find((text) => text.startsWith(`| ${start}`));
      assert.ok(
        line?.endsWith(`| $${costOf(priced)} |`),
        `${start}: ${costOf(priced)}, the page has ${line}`,
      );
    }
    const calculator = new CostCalculator({
      stt: { provider: 'deepgram', model: 'nova-3' },
      llm: { provider: 'groq', model: 'llama-3.1-8b-instant' },
      tts: { provider: 'cartesia', model: 'sonic-3' },
    });
    const costs = calculator.calculate({
      stt: { usage: { audioSeconds: 180 } },
      llm: { usage: { inputTokens: 4_000, outputTokens: 500 } },
      tts: { usage: { characters: 900 } },
    });
    assert.ok(page.includes(`costs.total?.toString(); // '${costs.total}'`));
    assert.ok(page.includes(`costs.toDict().cost_total; // '${costs.toDict().cost_total}'`));
    assert.ok(page.includes(`.total?.toString(); // '${calculator.estimateCostPerMinute().total}'`));
  });

  it('has every unit, and the rates of the flat card', () => {
    for (const unit of Object.keys(UNITS)) assert.ok(page.includes(`\`${unit}\``), unit);
    for (const rate of Object.values(new PricingConfig().rates))
      assert.ok(page.includes(`$${rate} per`), `${rate}`);
  });

  it('shows the refusal as it is worded', () => {
    const [shown] = /^deepgram\.json: .*$/m.exec(page) ?? assert.fail();
    const price = (valid_from: string, minute: unknown) => ({
      valid_from,
      prices: { per_audio_minute: minute },
      source: 'a test',
      checked_on: valid_from,
      confidence: 'C',
    });
    const history = [price('2026-05-05', '0.0043'), price('2026-07-02', 0.0077)];
    const content = { provider: 'deepgram', entries: [{ component: 'stt', models: ['nova-3'], history }] };
    assert.throws(() => priceListFrom([content]), { message: shown });
  });
});
