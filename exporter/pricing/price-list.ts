import { PRICE_FILES } from '../generated/prices.ts';
import { modelNames, vendorOf } from './model-names.ts';
import type { DatedPrice, LongPrompt, PriceEntry, ProviderPrices } from './price-file.ts';
import { parsePriceFile } from './price-file.ts';
import type { Metering } from './rounding.ts';
import type { Component, Rates, StageComponent } from './units.ts';

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
  /** True: the call was before the first day on which the price is known to have held. */
  readonly assumed?: boolean;
  /** Absent: a long prompt costs no more. */
  readonly longPrompt?: LongPrompt;
  /** Rates of service tiers, by name in lower case. A tier that is not here has no known price. */
  readonly serviceTiers?: ReadonlyMap<string, Rates>;
}

/** The entry of a list that a model belongs to. */
export interface PriceMatch {
  /** How many characters of the model's name the entry names; the whole name is `Infinity`. */
  readonly specificity: number;
  /** Absent: the model is known and no price was in force. */
  readonly price?: Price;
}

/** A model that has a price. */
export interface PricedModel {
  readonly component: StageComponent;
  readonly provider: string;
  readonly model: string;
}

/** Prices by provider and model. A list does not change; a changed price is another list. */
export interface PriceList {
  /** Name and version, for the column `price_list`, as `catalogue@2026-11-23`. */
  readonly name: string;
  /** Models that it has prices of, each by the first of its names. Absent: the list does not say. */
  readonly models?: readonly PricedModel[];
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
 * A price list of one's own, of parsed price files. Its version is the newest day on which one was changed or checked.
 *
 * @throws PriceFileError for the first file that is not valid
 */
export function priceListFrom(
  files: readonly unknown[],
  { name = 'custom', file }: PriceListOptions = {},
): PriceList {
  const providers = files.map((content, index) => parsePriceFile(content, file ?? fileName(content, index)));
  const days = providers
    .flatMap(({ revisedOn, entries }) => [
      ...(revisedOn === undefined ? [] : [revisedOn]),
      ...entries.flatMap(({ history }) => history).map(({ checkedOn }) => checkedOn),
    ])
    .sort();
  const version = days.at(-1);
  return {
    name: version === undefined ? name : `${name}@${version}`,
    models: providers.flatMap(({ provider, entries }) =>
      entries.flatMap((entry) => modelOf(provider, entry)),
    ),
    find: matchesOf(remembered((query) => matchesIn(findIn(providers, query)))),
  };
}

/** What the entry that a query finds costs at its instant. */
const matchesOf =
  (find: FindMatches): PriceList['find'] =>
  (query) => {
    const found = find(query);
    return found && (found.dated.findLast(({ fromUs }) => fromUs <= query.atUs) ?? found).match;
  };

type FindMatches = (query: PriceQuery) => Matches | undefined;

/** Each stage of each call is priced, and all of them name a handful of models. Longer names are not kept, nor more of them. */
const MOST_REMEMBERED = 1_000;
const LONGEST_REMEMBERED = 200;

/** The same search, which looks once for each name. Which entry it is does not depend on the instant. */
function remembered(find: FindMatches): FindMatches {
  const known = new Map<string, Matches | undefined>();
  return (query) => {
    const { component, provider = '', model = '', streaming } = query;
    if (provider.length + model.length > LONGEST_REMEMBERED) return find(query);
    const key = `${component} ${streaming !== false} ${provider.length} ${provider} ${model}`;
    if (known.has(key)) return known.get(key);
    if (known.size >= MOST_REMEMBERED) known.clear();
    const best = find(query);
    known.set(key, best);
    return best;
  };
}

function modelOf(provider: string, { component, models: [model], history }: PriceEntry): PricedModel[] {
  if (component === 'livekit' || component === 'telephony') return [];
  return model === undefined || history.length === 0 ? [] : [{ component, provider, model }];
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
    models: [...(own.models ?? []), ...(list.models ?? [])],
    find(query) {
      const ours = own.find(query);
      const theirs = list.find(query);
      if (!ours?.price || !theirs) return theirs ?? ours;
      return ours.specificity >= theirs.specificity ? ours : theirs;
    },
  };
}

function findIn(providers: readonly ProviderPrices[], query: PriceQuery): BestEntry | undefined {
  const { provider, model } = query;
  if (provider === undefined || model === undefined) return undefined;
  const name = provider.trim().toLowerCase();
  const files = providers.filter((file) => file.provider === name || file.aliases.includes(name));
  return matchIn(files, query, model) ?? matchOfOthers(providers, files, query, model);
}

/** What one provider's own files have, under the most literal of the model's names. */
function matchIn(files: readonly ProviderPrices[], query: PriceQuery, model: string): BestEntry | undefined {
  const providers = files.flatMap(({ provider, aliases }) => [provider, ...aliases]);
  for (const name of modelNames(model, providers)) {
    const best = bestEntry(files, query, name);
    if (best !== undefined) return best;
  }
  return undefined;
}

/** A model that its provider resells: the price is that of who makes it. */
function matchOfOthers(
  providers: readonly ProviderPrices[],
  files: readonly ProviderPrices[],
  query: PriceQuery,
  model: string,
): BestEntry | undefined {
  const own = files.flatMap(({ provider, aliases }) => [provider, ...aliases]);
  for (const { pricedAs } of files) {
    const sold =
      pricedAs === 'vendor'
        ? [vendorOf(model)]
        : pricedAs.flatMap((provider) => modelNames(model, own).map((name) => ({ provider, model: name })));
    for (const each of sold) {
      if (each === undefined) continue;
      const name = each.provider.toLowerCase();
      const theirs = providers.filter(
        (file) => !files.includes(file) && (file.provider === name || file.aliases.includes(name)),
      );
      const match = matchIn(theirs, query, each.model);
      if (match) return match;
    }
  }
  return undefined;
}

interface BestEntry {
  readonly provider: string;
  readonly entry: PriceEntry;
  readonly specificity: number;
}

/** Exact name first, then the longest one that the model's name starts with; of equals the first. */
function bestEntry(
  files: readonly ProviderPrices[],
  { component, streaming }: PriceQuery,
  model: string,
): BestEntry | undefined {
  const mode = streaming === false ? 'batch' : 'streaming';
  let best: BestEntry | undefined;
  for (const { provider, entries } of files) {
    for (const entry of entries) {
      if (entry.component !== component || (entry.mode ?? mode) !== mode) continue;
      const specificity = Math.max(...entry.models.map((name) => specificityOf(name, model)));
      if (specificity > (best?.specificity ?? 0)) best = { provider, entry, specificity };
    }
  }
  return best;
}

/**
 * A name is a prefix only up to a separator: `gpt-5` names `gpt-5-2025-08-07`, but neither `gpt-5.1` nor `gpt-50`,
 * which are other models with other prices. So are `gpt-5-2`, a number behind a number that is not a date, and `gpt-5-nano`.
 * 0: not named.
 */
function specificityOf(name: string, model: string): number {
  if (name === model) return Number.POSITIVE_INFINITY;
  if (!model.startsWith(name)) return 0;
  const rest = model.slice(name.length);
  if (!/^[-_:@/]/.test(rest) || OTHER_KIND.test(rest)) return 0;
  return /\d$/.test(name) && OTHER_VERSION.test(rest) ? 0 : name.length;
}

/** `-5` and `-5-20251101`, but neither `-20251101`, `-0613`, `-05-20` nor `-12-2025`. */
const OTHER_VERSION = /^[-_]\d{1,2}(?![\da-z]|-\d{2}(?:\d{2})?(?!\d))/;
/** What providers call the siblings of a model, and OpenRouter its other ways to one, which have prices of their own. */
const OTHER_KIND =
  /[-_](?:mini|nano|lite|pro|live|audio|realtime|image|tts|transcribe|search|translate)(?![\da-z])|:(?:free|batch|flex|priority|nitro|floor|online|exacto|extended|thinking)$/;

/** What is found at any time. */
interface Matches {
  /** Before the first of those with a price. */
  readonly match: PriceMatch;
  /** Each from a day on, in order of time. */
  readonly dated: readonly { readonly fromUs: number; readonly match: PriceMatch }[];
}

/** The prices of an entry, and before them the first one where it may be assumed for the time before it. */
function matchesIn(best: BestEntry | undefined): Matches | undefined {
  if (best === undefined) return undefined;
  const { provider, entry, specificity } = best;
  const dated = entry.history.map((each) => {
    const price = toPrice(provider, entry, each);
    return { fromUs: each.validFromUs, match: { specificity, price } };
  });
  const [first] = dated;
  const fromUs = entry.history[0]?.assumedFromUs;
  if (first !== undefined && fromUs !== undefined)
    dated.unshift({ fromUs, match: { specificity, price: { ...first.match.price, assumed: true } } });
  return { match: { specificity }, dated };
}

function toPrice(
  provider: string,
  { component, models, mode, rounding, minimumBilledSeconds }: PriceEntry,
  { validFrom, rates, longPrompt, serviceTiers }: DatedPrice,
): Price {
  const name = [models[0], mode].filter((part) => part !== undefined).join(':');
  return {
    entry: `${component}:${provider}/${name}@${validFrom}`,
    rates,
    rounding,
    ...(minimumBilledSeconds && { minimumBilledSeconds }),
    ...(longPrompt && { longPrompt }),
    ...(serviceTiers.size > 0 && { serviceTiers }),
  };
}
