import type { Decimal } from 'decimal.js';
import { PriceFileError } from './field-reader.ts';
import { Usd } from './money.ts';
import type { PriceList, PriceMatch, PriceQuery } from './price-list.ts';
import type { Component, Rate, Rates } from './units.ts';

/** The rates of the flat card, in USD. */
export interface FlatRates {
  /** Per second of audio. (Default: 0.0043.) */
  readonly sttPerSecond: Decimal;
  /** Per million input tokens, cached ones included. (Default: 0.05.) */
  readonly llmPerMillionInputTokens: Decimal;
  /** Per million output tokens. (Default: 0.08.) */
  readonly llmPerMillionOutputTokens: Decimal;
  /** Per thousand characters. (Default: 0.015.) */
  readonly ttsPerThousandCharacters: Decimal;
  /** Per minute of the call, not rounded. (Default: 0.004.) */
  readonly livekitPerMinute: Decimal;
}

const DEFAULTS = {
  sttPerSecond: '0.0043',
  llmPerMillionInputTokens: '0.05',
  llmPerMillionOutputTokens: '0.08',
  ttsPerThousandCharacters: '0.015',
  livekitPerMinute: '0.004',
} as const satisfies Record<keyof FlatRates, string>;

/** Overrides of the flat card. A number is taken as it is written in decimal: 0.1 is exactly 0.1. */
export type PricingConfigOptions = { readonly [K in keyof FlatRates]?: Decimal | string | number };

/**
 * The flat rate card of the original system: one rate a component, whichever provider and model. Telephony is not on
 * it and stays unpriced. Also a `PriceList`, chosen by `EARSHOT_PRICING=flat`.
 *
 * Its speech-to-text rate is Deepgram's old price per **minute**, charged per **second**: 60 times too high. It is
 * kept to compare with old figures; the catalogue is the default for that reason.
 *
 * 60 s of speech-to-text cost $0.258 here, and $0.0048 by the catalogue (nova-3, streaming).
 */
export class PricingConfig implements PriceList {
  /** `flat`, or `flat+overrides` when a rate was changed. */
  readonly name: string;
  readonly rates: FlatRates;
  readonly #rates: Readonly<Partial<Record<Component, Rates>>>;

  /** @throws PriceFileError for a rate that is unknown, negative or not finite, naming it */
  constructor(overrides: PricingConfigOptions = {}) {
    const unknown = Object.keys(overrides).find((key) => !Object.hasOwn(DEFAULTS, key));
    if (unknown !== undefined) {
      throw refused(unknown, `unknown rate, expected one of ${Object.keys(DEFAULTS).join(', ')}`);
    }
    const rate = (key: keyof FlatRates): Decimal => parseRate(key, overrides[key] ?? DEFAULTS[key]);
    this.rates = {
      sttPerSecond: rate('sttPerSecond'),
      llmPerMillionInputTokens: rate('llmPerMillionInputTokens'),
      llmPerMillionOutputTokens: rate('llmPerMillionOutputTokens'),
      ttsPerThousandCharacters: rate('ttsPerThousandCharacters'),
      livekitPerMinute: rate('livekitPerMinute'),
    };
    const changed = (Object.keys(DEFAULTS) as (keyof FlatRates)[]).some(
      (key) => !this.rates[key].equals(DEFAULTS[key]),
    );
    this.name = changed ? 'flat+overrides' : 'flat';
    const per = (price: Decimal, count: number): Rate => ({ price, per: count });
    this.#rates = {
      stt: { audioSeconds: per(this.rates.sttPerSecond, 1) },
      llm: tokenRates(
        per(this.rates.llmPerMillionInputTokens, 1_000_000),
        per(this.rates.llmPerMillionOutputTokens, 1_000_000),
      ),
      tts: { characters: per(this.rates.ttsPerThousandCharacters, 1_000) },
      livekit: { callSeconds: per(this.rates.livekitPerMinute, 60) },
    };
  }

  find({ component }: PriceQuery): PriceMatch | undefined {
    const rates = this.#rates[component];
    const price = rates && { entry: `${component}:${this.name}`, rates, rounding: 'none' as const };
    return price && { specificity: 0, price };
  }
}

/** The card has one rate for every token of the prompt and one for every token of the answer. */
const tokenRates = (input: Rate, output: Rate): Rates => ({
  inputTokens: input,
  cachedInputTokens: input,
  cacheCreationInputTokens: input,
  longCacheCreationInputTokens: input,
  inputAudioTokens: input,
  cachedInputAudioTokens: input,
  outputTokens: output,
  outputAudioTokens: output,
});

function parseRate(key: string, value: Decimal | string | number): Decimal {
  let rate: Decimal;
  try {
    rate = new Usd(value);
  } catch {
    throw refused(key, `saw ${JSON.stringify(value)}, expected a decimal`);
  }
  if (!rate.isFinite() || rate.isNegative()) throw refused(key, `saw ${rate}, expected 0 or more`);
  return rate;
}

const refused = (field: string, problem: string): PriceFileError =>
  new PriceFileError('PricingConfig', 'flat', field, problem);
