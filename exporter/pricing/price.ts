import type { Decimal } from 'decimal.js';
import type { Usage } from '../../model/facts.ts';
import { sumUsd, Usd } from './money.ts';
import type { Price, PriceList, PriceQuery } from './price-list.ts';
import { billableQuantities, hasQuantity, type Quantities } from './quantities.ts';
import { billedSeconds } from './rounding.ts';
import { charge, type MinutesComponent, type StageComponent } from './units.ts';

/** A cost and the price it came from, or the name of what had no price. */
export type Priced = { readonly cost: Decimal; readonly entry: string } | { readonly unpriced: string };

/** One stage to price. */
export interface StageUsage {
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
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
  const { provider, model, usage } = stage;
  if (provider === undefined && model === undefined && !hasQuantity(usage)) return undefined;
  const price = list.find(stage)?.price;
  const quantities = price && usage && billableQuantities(usage, price.rates);
  return quantities ? priced(price, quantities) : unpriced(stage);
}

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
  return priced(price, [['callSeconds', new Usd(durationSeconds)]]);
}

function priced(price: Price, quantities: Quantities): Priced {
  const costs = quantities.map(([quantity, amount]) => {
    const rate = price.rates[quantity];
    const billed = quantity.endsWith('Seconds') ? billedSeconds(amount, price) : amount;
    return rate && charge(billed, rate);
  });
  return { cost: sumUsd(costs) ?? new Usd(0), entry: price.entry };
}

const unpriced = ({ component, provider, model }: Omit<PriceQuery, 'atUs'>): Priced => ({
  unpriced: `${component}:${provider ?? 'unknown'}/${model ?? 'unknown'}`,
});
