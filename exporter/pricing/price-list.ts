import { PRICE_FILES } from '../generated/prices.ts';
import type { DatedPrice, PriceEntry, ProviderPrices } from './price-file.ts';
import { parsePriceFile } from './price-file.ts';
import type { Metering } from './rounding.ts';
import type { Component, Rates } from './units.ts';

/** What a price is asked for. */
export interface PriceQuery {
  readonly component: Component;
  /** As reported; case does not matter. */
  readonly provider?: string | undefined;
  /** As reported; case does not matter. Of telephony: the direction. */
  readonly model?: string | undefined;
  /** Speech-to-text of a live stream, or of a recording. (Default: true, a voice agent's audio is live.) */
  readonly streaming?: boolean | undefined;
  /** Microseconds since 1970; the price in force then is the one found. `Infinity`: the newest. */
  readonly atUs: number;
}

/** A price in force. */
export interface Price extends Metering {
  /** Which price it is, as `stt:deepgram/nova-3:streaming@2026-05-05`. */
  readonly entry: string;
  readonly rates: Rates;
}

/** The entry of a list that a model belongs to. */
export interface PriceMatch {
  /** How many characters of the model's name the entry names; the whole name is `Infinity`. */
  readonly specificity: number;
  /** Absent: the model is known and no price was in force. */
  readonly price?: Price;
}

/** Prices by provider and model. A list does not change; a changed price is another list. */
export interface PriceList {
  /** Name and version, for the column `price_list`, as `catalogue@2026-11-23`. */
  readonly name: string;
  /** @returns undefined when the list does not know the model; neither that nor a match without a price is free */
  find(query: PriceQuery): PriceMatch | undefined;
}

let parsedCatalogue: PriceList | undefined;

/** The price list that comes with the package: list prices in USD, before tax, discount and contract. */
export function catalogue(): PriceList {
  parsedCatalogue ??= priceListFrom(PRICE_FILES, { name: 'catalogue' });
  return parsedCatalogue;
}

/** Options of `priceListFrom`. */
export interface PriceListOptions {
  /** Shown before the version. (Default: `custom`.) */
  readonly name?: string;
  /** Where the files are from, for errors. (Default: each `PROVIDER.json`.) */
  readonly file?: string;
}

/**
 * A price list of one's own, of parsed price files. Its version is the newest `checked_on` among them.
 *
 * @throws PriceFileError for the first file that is not valid
 */
export function priceListFrom(
  files: readonly unknown[],
  { name = 'custom', file }: PriceListOptions = {},
): PriceList {
  const providers = files.map((content, index) => parsePriceFile(content, file ?? fileName(content, index)));
  const days = providers
    .flatMap(({ entries }) => entries)
    .flatMap(({ history }) => history)
    .map(({ checkedOn }) => checkedOn)
    .sort();
  const version = days.at(-1);
  return {
    name: version === undefined ? name : `${name}@${version}`,
    find: (query) => findIn(providers, query),
  };
}

function fileName(content: unknown, index: number): string {
  const provider = (content as { provider?: unknown } | null | undefined)?.provider;
  return typeof provider === 'string' ? `${provider}.json` : `price file ${index}`;
}

/**
 * A list whose own prices come before another's, for contract prices and for models that the catalogue lacks. An entry
 * wins by naming the model as exactly as the other list does, or more so: an override of `gpt-5` leaves `gpt-5-mini`
 * alone. Where the override has no price in force yet, the other list's holds.
 *
 * @param content - a parsed price file, or a list of them (the content of `EARSHOT_PRICES`)
 * @param file - its name, for errors
 * @throws PriceFileError when the content is not valid
 */
export function withOverrides(list: PriceList, content: unknown, file = 'EARSHOT_PRICES'): PriceList {
  const files: readonly unknown[] = Array.isArray(content) ? content : [content];
  const own = priceListFrom(files, { name: 'overrides', file });
  return {
    name: `${own.name}+${list.name}`,
    find(query) {
      const ours = own.find(query);
      const theirs = list.find(query);
      if (!ours?.price || !theirs) return theirs ?? ours;
      return ours.specificity >= theirs.specificity ? ours : theirs;
    },
  };
}

/** Exact name first, then the longest one that the model's name starts with; of equals the first. */
function findIn(providers: readonly ProviderPrices[], query: PriceQuery): PriceMatch | undefined {
  const provider = query.provider?.trim().toLowerCase();
  const model = query.model?.trim().toLowerCase();
  if (provider === undefined || model === undefined) return undefined;
  const mode = query.streaming === false ? 'batch' : 'streaming';

  let best: { provider: string; entry: PriceEntry; specificity: number } | undefined;
  for (const file of providers) {
    if (file.provider !== provider && !file.aliases.includes(provider)) continue;
    for (const entry of file.entries) {
      if (entry.component !== query.component || (entry.mode ?? mode) !== mode) continue;
      const specificity = Math.max(...entry.models.map((name) => specificityOf(name, model)));
      if (specificity > (best?.specificity ?? 0)) best = { provider: file.provider, entry, specificity };
    }
  }
  if (!best) return undefined;
  const { entry, specificity } = best;
  const dated = entry.history.findLast(({ validFromUs }) => validFromUs <= query.atUs);
  return { specificity, ...(dated && { price: toPrice(best.provider, entry, dated) }) };
}

/**
 * A name is a prefix only up to a separator: `gpt-5` names `gpt-5-2025-08-07`, but neither `gpt-5.1` nor `gpt-50`,
 * which are other models with other prices. 0: not named.
 */
function specificityOf(name: string, model: string): number {
  if (name === model) return Number.POSITIVE_INFINITY;
  return model.startsWith(name) && /^[-_:@/]/.test(model.slice(name.length)) ? name.length : 0;
}

function toPrice(
  provider: string,
  { component, models, mode, rounding, minimumBilledSeconds }: PriceEntry,
  { validFrom, rates }: DatedPrice,
): Price {
  const name = [models[0], mode].filter((part) => part !== undefined).join(':');
  return {
    entry: `${component}:${provider}/${name}@${validFrom}`,
    rates,
    rounding,
    ...(minimumBilledSeconds && { minimumBilledSeconds }),
  };
}
