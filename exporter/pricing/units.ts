import type { Decimal } from 'decimal.js';
import { asUsd, USD_DECIMAL_PLACES } from './money.ts';

/** Components in the order in which costs are shown. */
export const COMPONENTS = ['stt', 'llm', 'tts', 'livekit', 'telephony'] as const;
/** What a price can be for. `telephony` and `livekit` are billed by the call, the others by the stage. */
export type Component = (typeof COMPONENTS)[number];
/** Components that are billed by the stage. */
export type StageComponent = 'stt' | 'llm' | 'tts';
/** Components that are billed by the minutes of a call. */
export type MinutesComponent = 'telephony' | 'livekit';

/**
 * Quantities that do not overlap, so that no token is billed twice: `inputTokens` here is text that was not cached,
 * and so on. `Usage` has them gross.
 */
export type Quantity =
  | 'inputTokens'
  | 'cachedInputTokens'
  | 'cacheCreationInputTokens'
  | 'longCacheCreationInputTokens'
  | 'outputTokens'
  | 'reasoningTokens'
  | 'inputAudioTokens'
  | 'cachedInputAudioTokens'
  | 'outputAudioTokens'
  | 'characters'
  | 'audioSeconds'
  | 'callSeconds';

const STAGES = ['stt', 'llm', 'tts'] as const;
const MILLION = 1_000_000;

/**
 * Every unit that a price can be in: what it counts, how many of it the price is for, and whose unit it is. The
 * amount is in the unit's name, because a price under the wrong one is silently wrong by a factor.
 */
export const UNITS = {
  per_million_input_tokens: { quantity: 'inputTokens', per: MILLION, of: STAGES },
  per_million_cached_input_tokens: { quantity: 'cachedInputTokens', per: MILLION, of: STAGES },
  per_million_cache_creation_input_tokens: {
    quantity: 'cacheCreationInputTokens',
    per: MILLION,
    of: STAGES,
  },
  per_million_long_cache_creation_input_tokens: {
    quantity: 'longCacheCreationInputTokens',
    per: MILLION,
    of: STAGES,
  },
  per_million_output_tokens: { quantity: 'outputTokens', per: MILLION, of: STAGES },
  per_million_reasoning_tokens: { quantity: 'reasoningTokens', per: MILLION, of: STAGES },
  per_million_input_audio_tokens: { quantity: 'inputAudioTokens', per: MILLION, of: STAGES },
  per_million_cached_input_audio_tokens: { quantity: 'cachedInputAudioTokens', per: MILLION, of: STAGES },
  per_million_output_audio_tokens: { quantity: 'outputAudioTokens', per: MILLION, of: STAGES },
  per_million_characters: { quantity: 'characters', per: MILLION, of: ['tts'] },
  per_thousand_characters: { quantity: 'characters', per: 1_000, of: ['tts'] },
  per_audio_second: { quantity: 'audioSeconds', per: 1, of: ['stt', 'tts'] },
  per_audio_minute: { quantity: 'audioSeconds', per: 60, of: ['stt', 'tts'] },
  per_audio_hour: { quantity: 'audioSeconds', per: 3_600, of: ['stt', 'tts'] },
  per_minute: { quantity: 'callSeconds', per: 60, of: ['livekit', 'telephony'] },
} as const satisfies Record<string, { quantity: Quantity; per: number; of: readonly Component[] }>;
/** The name of a unit. */
export type Unit = keyof typeof UNITS;

/** Whether a name is that of a unit. */
export const isUnit = (name: string): name is Unit => Object.hasOwn(UNITS, name);

/** What one quantity costs: `price` USD for `per` of it. */
export interface Rate {
  readonly price: Decimal;
  readonly per: number;
}
/** The rates of one price, by what they count. */
export type Rates = Readonly<Partial<Record<Quantity, Rate>>>;

/**
 * Multiplies first and divides last: 61 s at $0.0048 a minute are 0.2928 / 60 = $0.00488, whereas $0.0048 / 60 taken
 * first could repeat and be cut off.
 */
export function charge(quantity: Decimal, { price, per }: Rate): Decimal {
  return asUsd(quantity).times(price).dividedBy(per).toDecimalPlaces(USD_DECIMAL_PLACES);
}
