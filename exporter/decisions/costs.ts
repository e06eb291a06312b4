import type { Decimal } from 'decimal.js';
import type { StageFact, Usage } from '../../model/facts.ts';
import { costsOf } from '../calls/cost.ts';
import type { GroupedCall } from '../calls/grouped.ts';
import { sumUsd } from '../pricing/money.ts';
import type { PriceList, PriceQuery } from '../pricing/price-list.ts';
import type { StageComponent } from '../pricing/units.ts';
import { COST_FIGURES, type CostFigure } from './answers.ts';
import { type ModelName, showModelName } from './model-name.ts';

/** Which model would do what another one did. */
export type Swaps = Readonly<Partial<Record<StageComponent, ModelName>>>;

type Side = 'before' | 'after';
type Costs = Readonly<Record<CostFigure, Decimal | null>>;

/**
 * Costs of calls before and after, in USD, exact. Null: nothing of it has a price, or something of it has none that has one
 * on the other side, and a sum without it would be taken for a saving.
 */
export interface CostChange {
  readonly before: Costs;
  readonly after: Costs;
  /** What has no price, and what would have none. */
  readonly unpriced: { readonly before: readonly string[]; readonly after: readonly string[] };
  /** What was assumed for the prices after, in words. */
  readonly notes: readonly string[];
}

/** Adds up what calls cost, and what they would have cost with other models: the same usage, at the prices of then. */
export class CostComparison {
  readonly #swaps: Swaps;
  readonly #list: PriceList;
  readonly #sums = { before: new Map<CostFigure, Decimal>(), after: new Map<CostFigure, Decimal>() };
  readonly #unpriced = { before: new Set<string>(), after: new Set<string>() };
  readonly #notes = new Set<string>();

  constructor(swaps: Swaps, list: PriceList) {
    this.#swaps = swaps;
    this.#list = list;
  }

  add(call: GroupedCall): void {
    this.#take('before', call, this.#list);
    const swapped = new Map(call.stages.map((stage) => [stage, this.#swapped(stage, call.startUs)]));
    const stages = [...swapped.values()];
    this.#take('after', { ...call, stages }, this.#withNewest());
  }

  get result(): CostChange {
    return {
      before: this.#costs('before', 'after'),
      after: this.#costs('after', 'before'),
      unpriced: { before: [...this.#unpriced.before].sort(), after: [...this.#unpriced.after].sort() },
      notes: [...this.#notes].sort(),
    };
  }

  #costs(side: Side, other: Side): Costs {
    const lacking = [...this.#unpriced[side]].filter((name) => !this.#unpriced[other].has(name));
    const isWhole = (part: CostFigure) =>
      part === 'total' ? lacking.length === 0 : !lacking.some((name) => name.split(':')[0] === part);
    return Object.fromEntries(
      COST_FIGURES.map((part) => [part, isWhole(part) ? (this.#sums[side].get(part) ?? null) : null]),
    ) as Costs;
  }

  #take(side: Side, call: GroupedCall, list: PriceList): void {
    const { call: costs } = costsOf(call, list);
    for (const name of costs.unpriced) this.#unpriced[side].add(name);
    const sums = this.#sums[side];
    for (const part of COST_FIGURES) {
      const sum = sumUsd([sums.get(part), costs[`cost_${part}`]]);
      if (sum !== undefined) sums.set(part, sum);
    }
  }

  #swapped(stage: StageFact, atUs: number): StageFact {
    const component = stage.stage;
    if (component === 'playback' || component === 'tool') return stage;
    const to = this.#swaps[component];
    if (to === undefined || stage.realtime === true) return stage;
    const { requestedModel: _, serviceTier: __, usage, ...rest } = stage;
    const billed = usage && component === 'llm' ? this.#billedBy(to, usage, atUs) : usage;
    return { ...rest, ...to, ...(billed && { usage: billed }) };
  }

  /** What a price does not tell apart is plain input, and no gift. */
  #billedBy(to: ModelName, usage: Usage, atUs: number): Usage {
    const rates = this.#withNewest().find({ component: 'llm', ...to, atUs })?.price?.rates;
    if (rates === undefined) return usage;
    const { cachedInputTokens, cacheCreationInputTokens, longCacheCreationInputTokens, ...rest } = usage;
    const keepsCached = rates.cachedInputTokens !== undefined;
    const keepsWritten = rates.cacheCreationInputTokens !== undefined;
    if (cachedInputTokens && !keepsCached)
      this.#notes.add(`${showModelName(to)} has no price for cached tokens: they are priced as plain input.`);
    return {
      ...rest,
      ...(keepsCached && cachedInputTokens !== undefined && { cachedInputTokens }),
      ...(keepsWritten && cacheCreationInputTokens !== undefined && { cacheCreationInputTokens }),
      ...(keepsWritten &&
        rates.longCacheCreationInputTokens &&
        longCacheCreationInputTokens !== undefined && { longCacheCreationInputTokens }),
    };
  }

  /** The list, with the newest price where none was in force yet. */
  #withNewest(): PriceList {
    const isNew = ({ component, provider, model }: PriceQuery): boolean => {
      const to = component === 'livekit' || component === 'telephony' ? undefined : this.#swaps[component];
      return to !== undefined && to.provider === provider && to.model === model;
    };
    return {
      name: this.#list.name,
      find: (query) => {
        const found = this.#list.find(query);
        if (found?.price !== undefined || !isNew(query)) return found;
        const newest = this.#list.find({ ...query, atUs: Number.POSITIVE_INFINITY });
        if (newest?.price)
          this.#notes.add(
            `No price of ${query.provider}/${query.model} was in force yet: its newest one is used.`,
          );
        return newest ?? found;
      },
    };
  }
}
