import type { Decimal } from 'decimal.js';
import {
  type Price,
  type PriceList,
  type PriceMatch,
  type PriceQuery,
  type Quantity,
  type Rate,
  type Rates,
  Usd,
} from '../pricing/index.ts';
import { ROUNDINGS } from '../pricing/rounding.ts';
import { COMPONENTS, UNITS } from '../pricing/units.ts';
import { CallFileError, type UsedPrice } from './call-file.ts';
import { isObject } from './facts.ts';

const keyOf = ({ component, provider, model, streaming }: Omit<PriceQuery, 'atUs'>): string =>
  JSON.stringify([component, provider ?? null, model ?? null, streaming ?? null]);

/** A price list that remembers which of its prices were found: those that a call's rows come from, and no others. */
export class RememberedPrices implements PriceList {
  readonly #list: PriceList;
  readonly #used = new Map<string, UsedPrice>();

  constructor(list: PriceList) {
    this.#list = list;
  }

  get name(): string {
    return this.#list.name;
  }

  get used(): readonly UsedPrice[] {
    return [...this.#used.values()];
  }

  find(query: PriceQuery): PriceMatch | undefined {
    const match = this.#list.find(query);
    const { component, provider, model, streaming } = query;
    if (match?.price !== undefined)
      this.#used.set(keyOf(query), {
        component,
        ...(provider !== undefined && { provider }),
        ...(model !== undefined && { model }),
        ...(streaming !== undefined && { streaming }),
        price: match.price,
      });
    return match;
  }
}

/** The list that has these prices and no others: for one call, whose prices are all of one instant. */
export function savedPrices(name: string, prices: readonly UsedPrice[]): PriceList {
  const found = new Map(prices.map((used) => [keyOf(used), used.price]));
  return {
    name,
    find: (query) => {
      const price = found.get(keyOf(query));
      return price && { specificity: Number.POSITIVE_INFINITY, price };
    },
  };
}

/** A price as JSON: amounts as text, with all their places. */
export function priceJson({ price, ...query }: UsedPrice): object {
  const { entry, rates, rounding, minimumBilledSeconds, assumed, longPrompt, serviceTiers } = price;
  return {
    ...query,
    entry,
    rates: ratesJson(rates),
    rounding,
    ...(minimumBilledSeconds && { minimumBilledSeconds: minimumBilledSeconds.toFixed() }),
    ...(assumed && { assumed }),
    ...(longPrompt && {
      longPrompt: { aboveInputTokens: longPrompt.aboveInputTokens, rates: ratesJson(longPrompt.rates) },
    }),
    ...(serviceTiers && {
      serviceTiers: Object.fromEntries([...serviceTiers].map(([name, tier]) => [name, ratesJson(tier)])),
    }),
  };
}

const ratesJson = (rates: Rates): object =>
  Object.fromEntries(
    Object.entries(rates).map(([quantity, { price, per }]) => [quantity, { price: price.toFixed(), per }]),
  );

const QUANTITIES: ReadonlySet<string> = new Set<Quantity>(
  Object.values(UNITS).map(({ quantity }) => quantity),
);
const DECIMAL = /^\d{1,20}(\.\d{1,40})?$/;
const MAX_NAME = 1_024;
const MAX_TIERS = 32;

/** A price of a file. @throws CallFileError */
export function readPrice(value: unknown): UsedPrice {
  if (!isObject(value)) throw wrong('no object');
  const component = COMPONENTS.find((name) => name === value.component);
  const rounding = ROUNDINGS.find((name) => name === value.rounding);
  const entry = nameOf(value.entry);
  if (component === undefined) throw wrong('component');
  if (rounding === undefined) throw wrong('rounding');
  if (entry === undefined) throw wrong('entry');
  const { streaming, assumed, minimumBilledSeconds, longPrompt, serviceTiers } = value;
  if (streaming !== undefined && typeof streaming !== 'boolean') throw wrong('streaming');
  if (assumed !== undefined && assumed !== true) throw wrong('assumed');
  const [provider, model] = (['provider', 'model'] as const).map((name) => {
    const text = nameOf(value[name]);
    if (text === undefined && value[name] !== undefined) throw wrong(name);
    return text;
  });
  const price: Price = {
    entry,
    rounding,
    rates: readRates(value.rates, 'rates'),
    ...(minimumBilledSeconds !== undefined && {
      minimumBilledSeconds: amountOf(minimumBilledSeconds, 'minimumBilledSeconds'),
    }),
    ...(assumed && { assumed }),
    ...(longPrompt !== undefined && { longPrompt: readLongPrompt(longPrompt) }),
    ...(serviceTiers !== undefined && { serviceTiers: readTiers(serviceTiers) }),
  };
  return {
    component,
    ...(provider !== undefined && { provider }),
    ...(model !== undefined && { model }),
    ...(streaming !== undefined && { streaming }),
    price,
  };
}

const wrong = (what: string) => new CallFileError(`a price cannot be read: ${what}`);

const nameOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.length <= MAX_NAME ? value : undefined;

function amountOf(value: unknown, what: string): Decimal {
  if (typeof value === 'string' && DECIMAL.test(value)) return new Usd(value);
  throw wrong(`${what} is no amount`);
}

function readRates(value: unknown, what: string): Rates {
  if (!isObject(value)) throw wrong(what);
  return Object.fromEntries(
    Object.entries(value).map(([quantity, rate]): [string, Rate] => {
      const per = isObject(rate) ? rate.per : undefined;
      if (!QUANTITIES.has(quantity) || !isObject(rate) || typeof per !== 'number' || !(per > 0))
        throw wrong(`${what}: ${quantity.slice(0, MAX_NAME)}`);
      return [quantity, { price: amountOf(rate.price, what), per }];
    }),
  );
}

function readLongPrompt(value: unknown): Price['longPrompt'] & object {
  const above = isObject(value) ? value.aboveInputTokens : undefined;
  if (!isObject(value) || typeof above !== 'number' || !(above >= 0)) throw wrong('longPrompt');
  return { aboveInputTokens: above, rates: readRates(value.rates, 'longPrompt') };
}

function readTiers(value: unknown): ReadonlyMap<string, Rates> {
  if (!isObject(value) || Object.keys(value).length > MAX_TIERS) throw wrong('serviceTiers');
  return new Map(Object.entries(value).map(([name, rates]) => [name, readRates(rates, 'serviceTiers')]));
}
