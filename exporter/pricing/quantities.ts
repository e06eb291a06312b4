import type { Decimal } from 'decimal.js';
import type { Usage } from '../../model/facts.ts';
import { Usd } from './money.ts';
import type { Quantity, Rate, Rates } from './units.ts';

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
 * Takes gross token counts apart: input ⊃ cached, input ⊃ written to the cache ⊃ written for an hour, input ⊃ audio, cached
 * and audio ⊃ cached audio, output ⊃ audio, output ⊃ reasoning. Every part is charged at its own rate or, where it has
 * none, not at all: a cached token at the price of another one would be silently wrong. Reasoning is output, unless it has
 * a rate apart.
 *
 * Where audio tokens have their own price, a count without its audio part cannot be charged.
 *
 * 1,000 input tokens, 400 of them cached, are 600 input and 400 cached ones.
 */
function tokenQuantities(usage: Usage, rates: Rates): Quantities | undefined {
  const { inputTokens: input, outputTokens: output, cachedInputTokens: cached = 0 } = usage;
  if (!rates.inputTokens || !isAmount(input) || !isAmount(output)) return undefined;
  if ((usage.unexplainedTokens ?? 0) > 0) return undefined;

  const apart = (rate: Rate | undefined, whole: Rate | undefined): boolean =>
    rate !== undefined && !(whole && rate.price.equals(whole.price) && rate.per === whole.per);
  const inputAudio = partOf(input, usage.inputAudioTokens, apart(rates.inputAudioTokens, rates.inputTokens));
  const outputAudio = partOf(
    output,
    usage.outputAudioTokens,
    apart(rates.outputAudioTokens, rates.outputTokens),
  );
  const reasoning = rates.reasoningTokens ? partOf(output, usage.reasoningTokens, true) : 0;
  if (inputAudio === undefined || outputAudio === undefined || reasoning === undefined) return undefined;
  const cachedAudio = inputAudio === 0 ? 0 : partOf(cached, usage.cachedInputAudioTokens, true);
  if (cachedAudio === undefined) return undefined;

  const cachedText = cached - cachedAudio;
  const { longCacheCreationInputTokens: longWritten = 0 } = usage;
  const { cacheCreationInputTokens: written = longWritten } = usage;
  const leaves: [Quantity, number][] = [
    ['inputTokens', input - inputAudio - cachedText - written],
    ['cacheCreationInputTokens', written - longWritten],
    ['longCacheCreationInputTokens', longWritten],
    ['cachedInputTokens', cachedText],
    ['inputAudioTokens', inputAudio - cachedAudio],
    ['cachedInputAudioTokens', cachedAudio],
    ['outputTokens', output - outputAudio - reasoning],
    ['outputAudioTokens', outputAudio],
    ['reasoningTokens', reasoning],
  ];
  const used: [Quantity, Decimal][] = [];
  for (const [quantity, amount] of leaves) {
    // A negative leaf means counts that contradict each other, such as more cached tokens than input tokens.
    if (!isAmount(amount) || (amount > 0 && !rates[quantity])) return undefined;
    if (amount > 0) used.push([quantity, new Usd(amount)]);
  }
  return used;
}

/**
 * A part of nothing is nothing, even where no figure says so. A part that is priced apart has to be known; another one is
 * none, unless it is reported.
 */
const partOf = (whole: number, part: number | undefined, apart: boolean): number | undefined =>
  whole === 0 ? 0 : (part ?? (apart ? undefined : 0));

const isAmount = (amount: number | undefined): amount is number =>
  amount !== undefined && Number.isFinite(amount) && amount >= 0;
