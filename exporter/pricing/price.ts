import type { Decimal } from 'decimal.js';
import type { Usage } from '../../model/facts.ts';
import { addUsd, Usd } from './money.ts';
import type { Price, PriceList, PriceQuery } from './price-list.ts';
import { billableQuantities, hasQuantity, type Quantities } from './quantities.ts';
import { billedSeconds } from './rounding.ts';
import { charge, type MinutesComponent, type Rates, type StageComponent } from './units.ts';

/** A cost and the price it came from, or the name of what had no price. */
export type Priced =
  | {
      readonly cost: Decimal;
      readonly entry: string;
      /** The price is assumed to have held then: it is known from a later day on. */
      readonly assumed?: boolean;
    }
  | { readonly unpriced: string };

/** One stage to price. */
export interface StageUsage {
  readonly provider?: string | undefined;
  /** The model that served: it is priced when it has a price. */
  readonly model?: string | undefined;
  /** The model that was asked for, where another one served. It is priced when the other one has no price. */
  readonly requestedModel?: string | undefined;
  /** As the provider calls it: `priority`, `flex`, `batch`. (Default: its standard tier.) */
  readonly serviceTier?: string | undefined;
  /** Speech-to-text of a live stream, or of a recording. (Default: true.) */
  readonly streaming?: boolean | undefined;
  readonly usage?: Usage | undefined;
}

/** `StageUsage` with what it is and when it was. */
export interface StageToPrice extends StageUsage {
  readonly component: StageComponent;
  /** The price in force at this instant holds, for a call its start. Microseconds; `Infinity`: the newest price. */
  readonly atUs: number;
}

/**
 * Prices one stage. Minimums and rounding are those of one request, so price requests one by one and add the costs.
 *
 * A stage whose usage is not known (or contradicts itself) is unpriced even where there is a price, because leaving
 * it out would make the total too low without a word. Do not ask for a stage whose usage another stage carries.
 *
 * 61 s of Deepgram nova-3, streaming at $0.0048 a minute: 61 × 0.0048 / 60 = $0.00488.
 *
 * @returns undefined when neither provider, model nor any quantity is known: nothing says that anything was billed
 */
export function priceStage(list: PriceList, stage: StageToPrice): Priced | undefined {
  const { component, provider, model, requestedModel, streaming, usage, atUs } = stage;
  if (provider === undefined && model === undefined && !hasQuantity(usage)) return undefined;
  const find = (name: string | undefined) =>
    list.find({ component, provider, model: name, streaming, atUs })?.price;
  const price = find(model) ?? (requestedModel === undefined ? undefined : find(requestedModel));
  const tier = tierOf(stage.serviceTier);
  const rates = price && (tier === undefined ? ratesFor(price, usage) : price.serviceTiers?.get(tier));
  const quantities = rates && usage && billableQuantities(usage, rates);
  if (price && quantities) return priced(price, quantities, rates);
  // A tier is named where it is what has no price.
  return unpriced(stage, price && !rates ? tier : undefined);
}

/** What providers call the tier that everything is served by unless it is asked otherwise. */
const STANDARD = new Set(['default', 'standard', 'auto', 'on_demand', 'standard_only', 'unspecified']);

function tierOf(reported: string | undefined): string | undefined {
  const tier = reported
    ?.trim()
    .toLowerCase()
    .replace(/^service_tier_/, '');
  return tier === undefined || tier === '' || STANDARD.has(tier) ? undefined : tier;
}

/** The rates of a long prompt hold for all of its tokens. */
const ratesFor = ({ rates, longPrompt }: Price, usage: Usage | undefined): Rates =>
  longPrompt && (usage?.inputTokens ?? 0) > longPrompt.aboveInputTokens ? longPrompt.rates : rates;

/** Minutes of a call to price. */
export interface MinutesToPrice {
  readonly component: MinutesComponent;
  /** `twilio`, `livekit`. */
  readonly provider?: string | undefined;
  /** Of telephony: the call's direction, `inbound` or `outbound`. Of LiveKit: `connection`, `sip` or `agent`. */
  readonly model?: string | undefined;
  /** How long the call lasted. */
  readonly durationSeconds?: number | undefined;
  /** As in `StageToPrice`. */
  readonly atUs: number;
}

/**
 * Prices the minutes of one call leg.
 *
 * 61 s of Twilio inbound, rounded up to the minute, at $0.0085: 2 × 0.0085 = $0.017.
 *
 * @returns undefined when neither provider nor model is known: nothing says that anything was billed
 */
export function priceMinutes(list: PriceList, minutes: MinutesToPrice): Priced | undefined {
  const { component, provider, model, durationSeconds, atUs } = minutes;
  if (provider === undefined && model === undefined) return undefined;
  const price = list.find({ component, provider, model, atUs })?.price;
  const known = durationSeconds !== undefined && Number.isFinite(durationSeconds) && durationSeconds >= 0;
  if (!price || !known) return unpriced(minutes);
  return priced(price, [['callSeconds', new Usd(durationSeconds)]], price.rates);
}

function priced(price: Price, quantities: Quantities, rates: Rates): Priced {
  let cost: Decimal | undefined;
  for (const [quantity, amount] of quantities) {
    const rate = rates[quantity];
    const billed = quantity.endsWith('Seconds') ? billedSeconds(amount, price) : amount;
    if (rate) cost = addUsd(cost, charge(billed, rate));
  }
  return { cost: cost ?? new Usd(0), entry: price.entry, ...(price.assumed && { assumed: true }) };
}

const unpriced = ({ component, provider, model }: Omit<PriceQuery, 'atUs'>, tier?: string): Priced => ({
  unpriced: `${component}:${provider ?? 'unknown'}/${model ?? 'unknown'}${tier === undefined ? '' : ` (${tier})`}`,
});

/** For the column `price_list`: the name of the list, and whether a price in these is only assumed to have held then. */
export const priceListName = (list: PriceList, prices: Iterable<Priced | undefined>): string =>
  [...prices].some((price) => price && 'assumed' in price && price.assumed)
    ? `${list.name}+assumed`
    : list.name;
