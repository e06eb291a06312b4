import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { catalogue, priceListFrom, priceMinutes, priceStage } from '../../../exporter/pricing/index.ts';
import { Usd } from '../../../exporter/pricing/money.ts';
import type { Usage } from '../../../model/facts.ts';
import { AT, cost, shown } from '../../support/costs.ts';

describe('a stage', () => {
  it('of speech-to-text costs its audio', () => {
    assert.equal(cost('stt', 'deepgram', 'nova-3', { audioSeconds: 61 }), '0.00488');
    assert.equal(cost('stt', 'elevenlabs', 'scribe_v2_realtime', { audioSeconds: 90 }), '0.00975');
    assert.equal(cost('stt', 'deepgram', 'nova-3', { audioSeconds: 0 }), '0');
  });

  it('of a language model costs its tokens, the cached ones at their own price', () => {
    // 600 × 2.50 + 400 × 1.25 + 100 × 10 = 3,000 per million
    const usage = { inputTokens: 1_000, cachedInputTokens: 400, outputTokens: 100 };
    assert.equal(cost('llm', 'openai', 'gpt-4o-2024-11-20', usage), '0.003');
    assert.equal(cost('llm', 'openai', 'gpt-4o', { inputTokens: 1_000, outputTokens: 100 }), '0.0035');
  });

  it('charges tokens that were cached, or written to a cache, at their own price', () => {
    // 400 × 1 + 400 × 0.10 + 200 × 1.25 + 100 × 5 = 1,190 per million
    const usage = {
      inputTokens: 1_000,
      cachedInputTokens: 400,
      cacheCreationInputTokens: 200,
      outputTokens: 100,
    };
    assert.equal(cost('llm', 'anthropic', 'claude-haiku-4-5-20251001', usage), '0.00119');
    // An hour in the cache costs twice the input: 150 × 2.00 + 50 × 1.25 more than 200 × 1.25
    const long = { ...usage, longCacheCreationInputTokens: 150 };
    assert.equal(cost('llm', 'anthropic', 'claude-haiku-4-5', long), '0.0013025');
    const longer = { ...usage, longCacheCreationInputTokens: 250 };
    assert.equal(
      cost('llm', 'anthropic', 'claude-haiku-4-5', longer),
      'unpriced llm:anthropic/claude-haiku-4-5',
    );
    const more = { ...usage, cacheCreationInputTokens: 700 };
    assert.equal(
      cost('llm', 'anthropic', 'claude-haiku-4-5', more),
      'unpriced llm:anthropic/claude-haiku-4-5',
    );
  });

  it('is unpriced when it has tokens of a kind whose rate is not known, never charged at another rate', () => {
    const usage = { inputTokens: 1_000, outputTokens: 100 };
    const groq = (more: Usage) => cost('llm', 'groq', 'llama-3.1-8b-instant', { ...usage, ...more });
    assert.equal(groq({}), '0.000058');
    for (const kind of [
      'cachedInputTokens',
      'cacheCreationInputTokens',
      'longCacheCreationInputTokens',
      'inputAudioTokens',
      'outputAudioTokens',
    ]) {
      assert.equal(groq({ [kind]: 40 }), 'unpriced llm:groq/llama-3.1-8b-instant', kind);
      assert.equal(groq({ [kind]: 0 }), '0.000058', `0 ${kind} need no rate`);
    }
    assert.equal(
      cost('llm', 'openai', 'gpt-4o', { ...usage, cacheCreationInputTokens: 1 }),
      'unpriced llm:openai/gpt-4o',
    );
  });

  it('does not charge reasoning tokens a second time', () => {
    const usage = { inputTokens: 0, outputTokens: 100, reasoningTokens: 60 };
    assert.equal(cost('llm', 'openai', 'gpt-5', usage), '0.001');
  });

  it('of a realtime model costs text and audio apart, and is unpriced when they cannot be told apart', () => {
    // text 200 × 4 + cached text 100 × 0.40 + audio 600 × 32 + cached audio 100 × 0.40 + text out 50 × 16 + audio out 150 × 64
    const usage = {
      inputTokens: 1_000,
      cachedInputTokens: 200,
      inputAudioTokens: 700,
      cachedInputAudioTokens: 100,
      outputTokens: 200,
      outputAudioTokens: 150,
    };
    assert.equal(cost('llm', 'openai', 'gpt-realtime', usage), '0.03048');
    for (const part of ['inputAudioTokens', 'cachedInputAudioTokens', 'outputAudioTokens'] as const) {
      const { [part]: _, ...rest } = usage;
      assert.equal(cost('llm', 'openai', 'gpt-realtime', rest), 'unpriced llm:openai/gpt-realtime', part);
    }
    const text = { inputTokens: 1_000, inputAudioTokens: 0, outputTokens: 0 };
    assert.equal(cost('llm', 'openai', 'gpt-realtime', text), '0.004');
  });

  it('is priced by the model that served, else by the one that was asked for', () => {
    const tokens = { inputTokens: 1_000, outputTokens: 100 };
    const served = (model: string, requestedModel: string) =>
      shown(
        priceStage(catalogue(), {
          component: 'llm',
          provider: 'openai',
          model,
          requestedModel,
          usage: tokens,
          atUs: AT,
        }),
      );
    // (1000 × 0.40 + 100 × 1.60) / 1e6, not gpt-4.1's 0.0028
    assert.equal(served('gpt-4.1-mini-2025-04-14', 'gpt-4.1'), '0.00056');
    assert.equal(served('my-deployment', 'gpt-4.1'), '0.0028');
    assert.equal(served('my-deployment', 'another'), 'unpriced llm:openai/my-deployment');
  });

  it('of a service tier has rates of its own, or is unpriced by the name of the tier', () => {
    const dated = {
      valid_from: '2026-01-01',
      source: 'a test of this',
      checked_on: '2026-01-01',
      confidence: 'B',
    };
    const rates = (input: string) => ({ per_million_input_tokens: input, per_million_output_tokens: '4' });
    const list = priceListFrom([
      {
        provider: 'acme',
        entries: [
          {
            component: 'llm',
            models: ['m'],
            history: [{ ...dated, prices: rates('2'), service_tiers: { Flex: rates('1') } }],
          },
        ],
      },
    ]);
    const tier = (serviceTier?: string) =>
      shown(
        priceStage(list, {
          component: 'llm',
          provider: 'acme',
          model: 'm',
          serviceTier,
          usage: { inputTokens: 1_000_000, outputTokens: 0 },
          atUs: AT,
        }),
      );
    for (const standard of [undefined, 'default', 'standard', 'auto', 'on_demand', ''])
      assert.equal(tier(standard), '2');
    assert.equal(tier('flex'), '1');
    assert.equal(tier('FLEX'), '1');
    assert.equal(tier('priority'), 'unpriced llm:acme/m (priority)');
  });

  it('with a long prompt costs more for all of its tokens', () => {
    const usage = (inputTokens: number) => ({ inputTokens, outputTokens: 100 });
    // 200,000 × 1.25 + 100 × 10; 200,001 × 2.50 + 100 × 15
    assert.equal(cost('llm', 'google', 'gemini-2.5-pro', usage(200_000)), '0.251');
    assert.equal(cost('llm', 'google', 'gemini-2.5-pro', usage(200_001)), '0.5015025');
  });

  it('finds a model under what says only where it runs', () => {
    const usage = { inputTokens: 1_000, inputAudioTokens: 0, outputTokens: 100 };
    for (const [provider, model] of [
      ['gcp.gemini', 'models/gemini-2.5-flash'],
      ['google', 'Gemini-2.5-Flash'],
      ['gcp.vertex_ai', 'projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash'],
      ['gemini', 'gemini/gemini-2.5-flash'],
      ['livekit', 'google/gemini-2.5-flash'],
    ] as const) {
      assert.equal(cost('llm', provider, model, usage), '0.00055', `${provider} ${model}`);
    }
    const haiku = 'anthropic.claude-haiku-4-5-20251001-v1:0';
    const arn = `arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.${haiku}`;
    for (const model of [`us.${haiku}`, `eu.${haiku}`, haiku, arn]) {
      // In a region 1.10 and 5.50, through the global profile 1 and 5.
      assert.equal(cost('llm', 'aws.bedrock', model, usage), '0.00165', model);
    }
    assert.equal(cost('llm', 'aws.bedrock', `global.${haiku}`, usage), '0.0015');
    // Google's list has no such models: they cost what Anthropic asks, and not what an older one cost.
    assert.equal(cost('llm', 'gcp.vertex_ai', 'claude-haiku-4-5@20251001', usage), '0.0015');
    assert.equal(cost('llm', 'gcp.vertex_ai', 'claude-opus-4-5@20251101', usage), '0.0075');
  });

  it('is found under the name of the provider that a router puts before it', () => {
    const usage = { inputTokens: 1_000, inputAudioTokens: 0, outputTokens: 100 };
    const haiku = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
    for (const [provider, model, usd] of [
      ['azure.ai.openai', 'azure/gpt-4o-mini', '0.00021'],
      ['gcp.vertex_ai', 'vertex_ai/gemini-2.5-flash', '0.00055'],
      ['gcp.vertex_ai', 'vertex_ai/claude-haiku-4-5@20251001', '0.0015'],
      ['aws.bedrock', `bedrock/${haiku}`, '0.00165'],
      ['aws.bedrock', `bedrock/converse/${haiku}`, '0.00165'],
      ['x_ai', 'xai/grok-4', '0.0045'],
    ] as const) {
      assert.equal(cost('llm', provider, model, usage), usd, model);
    }
    assert.equal(cost('llm', 'openai', 'azure/gpt-4o-mini', usage), 'unpriced llm:openai/azure/gpt-4o-mini');
  });

  it('of a smaller sibling is its own', () => {
    const usage = { inputTokens: 1_000, outputTokens: 100 };
    assert.equal(cost('llm', 'gcp.gemini', 'gemini-1.5-flash-8b', usage), '0.0000525');
    assert.equal(cost('llm', 'groq', 'openai/gpt-oss-safeguard-20b', usage), '0.000105');
  });

  it('of a fine-tuned model does not depend on the words that its owner gave it', () => {
    const usage = { inputTokens: 1_000, outputTokens: 100 };
    const name = (base: string) => `ft:${base}:acme:my-audio-mini:AbC12`;
    assert.equal(cost('llm', 'openai', name('gpt-4o-mini-2024-07-18'), usage), '0.00042');
    assert.equal(cost('llm', 'openai', name('gpt-4o-2024-08-06'), usage), '0.00525');
    // Its own price is not known, and that of the model that it was made of is another one.
    const tuned = name('gpt-4.1-mini-2025-04-14');
    assert.equal(cost('llm', 'openai', tuned, usage), `unpriced llm:openai/${tuned}`);
  });

  it("through OpenRouter costs what Anthropic and OpenAI ask, and nothing known by another way or another's model", () => {
    const usage = { inputTokens: 1_000, outputTokens: 100 };
    assert.equal(cost('llm', 'openrouter', 'anthropic/claude-haiku-4.5', usage), '0.0015');
    assert.equal(cost('llm', 'openrouter', 'openai/gpt-4o-mini', usage), '0.00021');
    for (const other of [
      'openai/gpt-4o-mini:nitro',
      'openai/gpt-4o-mini:batch',
      'meta-llama/llama-3.3-70b-instruct:free',
    ]) {
      assert.equal(cost('llm', 'openrouter', other, usage), `unpriced llm:openrouter/${other}`);
    }
  });

  it("through a gateway costs what its vendor asks, in the gateway's own words", () => {
    const tokens = { inputTokens: 200, outputTokens: 30 };
    assert.equal(cost('llm', 'livekit', 'openai/gpt-4.1-mini', tokens), '0.000128');
    assert.equal(cost('llm', 'gateway', 'openai/gpt-4.1-mini', tokens), '0.000128');
    assert.equal(cost('llm', 'azure', 'gpt-4.1-mini', tokens), '0.000128');
    assert.equal(cost('tts', 'livekit', 'cartesia/sonic-3:9626c31c', { characters: 100 }), '0.005');
    assert.equal(cost('stt', 'livekit', 'deepgram/nova-3:en', { audioSeconds: 60 }), '0.0048');
    assert.equal(cost('stt', 'livekit', 'deepgram/nova-3:multi', { audioSeconds: 60 }), '0.0058');
    assert.equal(cost('llm', 'livekit', 'acme/m', tokens), 'unpriced llm:livekit/acme/m');
    assert.equal(cost('llm', 'livekit', 'gpt-4.1-mini', tokens), 'unpriced llm:livekit/gpt-4.1-mini');
  });

  it('of a call before the first known price is priced where that may be assumed, and says so', () => {
    const stage = {
      component: 'llm',
      provider: 'openai',
      model: 'gpt-4o-mini',
      usage: { inputTokens: 1_000_000, outputTokens: 0 },
    } as const;
    const on = (day: string) => priceStage(catalogue(), { ...stage, atUs: Date.parse(day) * 1_000 });
    assert.deepEqual(on('2026-09-23'), {
      cost: new Usd('0.15'),
      entry: 'llm:openai/gpt-4o-mini@2026-09-23',
    });
    assert.deepEqual(on('2026-08-15'), {
      cost: new Usd('0.15'),
      entry: 'llm:openai/gpt-4o-mini@2026-09-23',
      assumed: true,
    });
    assert.deepEqual(on('2025-12-31'), { unpriced: 'llm:openai/gpt-4o-mini' });
  });

  it('of speech costs its characters', () => {
    assert.equal(cost('tts', 'cartesia', 'sonic-3', { characters: 120, audioSeconds: 8 }), '0.006');
  });

  it('is charged by one way of measuring: tokens where they are known, else the time', () => {
    const tokens = { inputTokens: 100, outputTokens: 1_000 };
    assert.equal(cost('tts', 'openai', 'gpt-4o-mini-tts', { ...tokens, audioSeconds: 60 }), '0.01206');
    assert.equal(cost('tts', 'openai', 'gpt-4o-mini-tts', { characters: 500, audioSeconds: 60 }), '0.015');
  });

  it('says which price it was charged by', () => {
    const stage = { component: 'stt', provider: 'Deepgram', model: 'nova-3-general', atUs: AT } as const;
    const priced = priceStage(catalogue(), { ...stage, usage: { audioSeconds: 1 }, streaming: false });
    assert.ok(priced && 'entry' in priced);
    assert.equal(priced.entry, 'stt:deepgram/nova-3:batch@2026-07-02');
  });
});

describe('what has no price is named and never 0', () => {
  it('when the model or the provider is unknown', () => {
    assert.equal(cost('llm', 'acme', 'm-1', { inputTokens: 1, outputTokens: 1 }), 'unpriced llm:acme/m-1');
    assert.equal(cost('stt', 'deepgram', undefined, { audioSeconds: 1 }), 'unpriced stt:deepgram/unknown');
    assert.equal(cost('tts', undefined, 'sonic-3', { characters: 1 }), 'unpriced tts:unknown/sonic-3');
    assert.equal(cost('stt', undefined, undefined, { audioSeconds: 1 }), 'unpriced stt:unknown/unknown');
  });

  it('when the mode is not on the list', () => {
    assert.equal(cost('stt', 'deepgram', 'nova-2', { audioSeconds: 60 }), 'unpriced stt:deepgram/nova-2');
    assert.equal(cost('stt', 'deepgram', 'nova-2', { audioSeconds: 60 }, false), '0.0043');
  });

  it('when the price is known and the usage is not', () => {
    assert.equal(cost('stt', 'deepgram', 'nova-3'), 'unpriced stt:deepgram/nova-3');
    assert.equal(cost('stt', 'deepgram', 'nova-3', {}), 'unpriced stt:deepgram/nova-3');
    assert.equal(cost('llm', 'openai', 'gpt-4o', { inputTokens: 9 }), 'unpriced llm:openai/gpt-4o');
    assert.equal(cost('llm', 'openai', 'gpt-4o', { outputTokens: 9 }), 'unpriced llm:openai/gpt-4o');
    assert.equal(cost('tts', 'cartesia', 'sonic', { audioSeconds: 9 }), 'unpriced tts:cartesia/sonic');
  });

  it('when the usage contradicts itself or is not a number', () => {
    const more = { inputTokens: 100, cachedInputTokens: 200, outputTokens: 1 };
    assert.equal(cost('llm', 'openai', 'gpt-4o', more), 'unpriced llm:openai/gpt-4o');
    for (const audioSeconds of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.equal(cost('stt', 'deepgram', 'nova-3', { audioSeconds }), 'unpriced stt:deepgram/nova-3');
    }
  });

  it('but nothing is named where nothing says that anything was billed', () => {
    assert.equal(cost('tts', undefined, undefined), undefined);
    assert.equal(cost('tts', undefined, undefined, { estimated: true }), undefined);
    assert.equal(
      priceMinutes(catalogue(), { component: 'telephony', durationSeconds: 9, atUs: AT }),
      undefined,
    );
  });
});

it('a price in repeating decimals is multiplied before it is divided', () => {
  const list = priceListFrom([
    {
      provider: 'acme',
      entries: [
        {
          component: 'stt',
          models: ['ear'],
          history: [
            {
              valid_from: '2026-01-01',
              prices: { per_audio_minute: '0.0043' },
              source: 'a test',
              checked_on: '2026-01-01',
              confidence: 'C',
            },
          ],
        },
      ],
    },
  ]);
  const stage = { component: 'stt', provider: 'acme', model: 'ear', atUs: AT } as const;
  assert.equal(shown(priceStage(list, { ...stage, usage: { audioSeconds: 180 } })), '0.0129');
});
