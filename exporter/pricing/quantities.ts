import type { Decimal } from 'decimal.js';
import type { Usage } from '../../model/facts.ts';
import { Usd } from './money.ts';
import type { Quantity, Rates } from './units.ts';

/** Quantities that one price charges together. */
export type Quantities = readonly (readonly [Quantity, Decimal])[];

/** Whether anything billable is known at all, be it 0. */
export function hasQuantity(usage: Usage | undefined): boolean {
  const { inputTokens, outputTokens, characters, audioSeconds } = usage ?? {};
  return [inputTokens, outputTokens, characters, audioSeconds].some((quantity) => quantity !== undefined);
}

/**
 * What of a stage's usage a price charges. Token units go together; tokens, characters and audio time are different
 * ways to bill the same thing, and the first of them that the price has and the usage tells is the one charged.
 *
 * @returns undefined when the usage does not tell what the price needs, or contradicts itself.
 */
export function billableQuantities(usage: Usage, rates: Rates): Quantities | undefined {
  return (
    tokenQuantities(usage, rates) ??
    single('characters', usage.characters, rates) ??
    single('audioSeconds', usage.audioSeconds, rates)
  );
}

function single(quantity: Quantity, amount: number | undefined, rates: Rates): Quantities | undefined {
  if (!rates[quantity] || !isAmount(amount)) return undefined;
  return [[quantity, new Usd(amount)]];
}

/**
 * Takes gross token counts apart: input ⊃ cached, input ⊃ written to the cache, input ⊃ audio, cached and audio ⊃ cached
 * audio. Tokens read from or written to a cache without a price of their own are charged as input. Where audio tokens have their own price, a count without its audio part cannot
 * be charged; where they have none, they are charged as text.
 *
 * 1,000 input tokens, 400 of them cached, are 600 input and 400 cached ones.
 */
function tokenQuantities(usage: Usage, rates: Rates): Quantities | undefined {
  const { inputTokens: input, outputTokens: output, cachedInputTokens: cached = 0 } = usage;
  if (!rates.inputTokens || !isAmount(input) || !isAmount(output)) return undefined;

  const inputAudio = rates.inputAudioTokens ? partOf(input, usage.inputAudioTokens) : 0;
  const outputAudio = rates.outputAudioTokens ? partOf(output, usage.outputAudioTokens) : 0;
  if (inputAudio === undefined || outputAudio === undefined) return undefined;
  const cachedAudio = inputAudio === 0 ? 0 : partOf(cached, usage.cachedInputAudioTokens);
  if (cachedAudio === undefined) return undefined;

  const cachedText = cached - cachedAudio;
  const { cacheCreationInputTokens: written = 0 } = usage;
  const leaves: [Quantity, number][] = [
    ['inputTokens', input - inputAudio - cachedText - written],
    [rates.cacheCreationInputTokens ? 'cacheCreationInputTokens' : 'inputTokens', written],
    [rates.cachedInputTokens ? 'cachedInputTokens' : 'inputTokens', cachedText],
    ['inputAudioTokens', inputAudio - cachedAudio],
    [rates.cachedInputAudioTokens ? 'cachedInputAudioTokens' : 'inputAudioTokens', cachedAudio],
    ['outputTokens', output - outputAudio],
    ['outputAudioTokens', outputAudio],
  ];
  // A negative leaf means counts that contradict each other, such as more cached tokens than input tokens.
  if (!leaves.every(([, amount]) => isAmount(amount))) return undefined;
  return leaves.filter(([, amount]) => amount > 0).map(([quantity, amount]) => [quantity, new Usd(amount)]);
}

/** A part of nothing is nothing, even where nobody said so. */
const partOf = (whole: number, part: number | undefined): number | undefined => (whole === 0 ? 0 : part);

const isAmount = (amount: number | undefined): amount is number =>
  amount !== undefined && Number.isFinite(amount) && amount >= 0;
