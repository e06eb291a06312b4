import { Decimal } from 'decimal.js';
import { sumUsd } from './money.ts';
import type { Priced } from './price.ts';
import { COMPONENTS, type Component } from './units.ts';

/** Decimal places of a cost that is shown. */
const SHOWN_PLACES = 4;

type Shown<Suffix extends string> = Record<`cost_${Component | 'total'}${Suffix}`, string | null> & {
  /** As `CostBreakdown.unpriced`. */
  unpriced: string[];
};
/** Costs in USD as text, for showing; null is unknown. */
export type CostDict = Shown<''>;
/** Costs in US cents as text, for showing; null is unknown. */
export type CostCentsDict = Shown<'_cents'>;

/** The cost of a call by component, exact. Undefined is unknown, never 0. */
export class CostBreakdown {
  readonly stt: Decimal | undefined;
  readonly llm: Decimal | undefined;
  readonly tts: Decimal | undefined;
  readonly livekit: Decimal | undefined;
  readonly telephony: Decimal | undefined;
  /** Sum of what is priced: a lower bound as long as `unpriced` has something. Undefined: nothing is priced. */
  readonly total: Decimal | undefined;
  /** What had no price, as `component:provider/model`, each once, in the order of the components. */
  readonly unpriced: readonly string[];
  /** Name and version of the price list. */
  readonly priceList: string;

  /** @param parts - what was priced, by component; undefined parts are left out */
  constructor(
    priceList: string,
    parts: Readonly<Partial<Record<Component, readonly (Priced | undefined)[]>>>,
  ) {
    const known = (component: Component): Priced[] =>
      (parts[component] ?? []).filter((part) => part !== undefined);
    const costOf = (component: Component): Decimal | undefined =>
      sumUsd(known(component).map((part) => ('cost' in part ? part.cost : undefined)));
    this.priceList = priceList;
    this.stt = costOf('stt');
    this.llm = costOf('llm');
    this.tts = costOf('tts');
    this.livekit = costOf('livekit');
    this.telephony = costOf('telephony');
    this.total = sumUsd(COMPONENTS.map((component) => this[component]));
    const names = COMPONENTS.flatMap(known).flatMap((part) => ('unpriced' in part ? [part.unpriced] : []));
    this.unpriced = [...new Set(names)];
  }

  /**
   * For showing: USD, 4 places, rounded half up, as text. The total is rounded from the exact total, so that it can
   * differ from the sum of the rounded parts. $0.00488 is shown as `0.0049`.
   */
  toDict(): CostDict {
    return this.#show('', 1) as CostDict;
  }

  /** For showing: as `toDict`, in US cents. $0.00488 is shown as `0.4880` cents. */
  toCentsDict(): CostCentsDict {
    return this.#show('_cents', 100) as CostCentsDict;
  }

  #show(suffix: string, factor: number): unknown {
    const columns = [...COMPONENTS, 'total' as const].map((component) => [
      `cost_${component}${suffix}`,
      this[component]?.times(factor).toFixed(SHOWN_PLACES, Decimal.ROUND_HALF_UP) ?? null,
    ]);
    return { ...Object.fromEntries(columns), unpriced: [...this.unpriced] };
  }
}
