import type { Decimal } from 'decimal.js';
import type { StageFact, Usage } from '../../model/facts.ts';
import { CARRIERS } from '../../model/vocabulary.ts';
import { addUsd, sumUsd } from '../pricing/money.ts';
import { type Priced, priceListName, priceMinutes, priceStage } from '../pricing/price.ts';
import type { PriceList } from '../pricing/price-list.ts';
import type { StageComponent } from '../pricing/units.ts';
import type { CallCost } from './call-row.ts';
import type { GroupedCall } from './grouped.ts';
import { toSeconds } from './latencies.ts';
import type { BilledLeg } from './legs.ts';
import type { TurnCost } from './log-row.ts';
import { textUsage } from './text-requests.ts';
import { unseenStages } from './unseen.ts';

/** A call's costs: its own and, by their stages, those of its turns. */
export interface Costs {
  call: CallCost;
  turn(stages: readonly StageFact[]): TurnCost;
}

/** A leg of a call, as it is billed. */
export interface PricedLeg extends BilledLeg {
  readonly price: Priced;
}

/** What each part of a call that is billed costs. */
export interface PricedParts {
  readonly stages: ReadonlyMap<StageFact, Priced | undefined>;
  readonly livekit: Priced | undefined;
  readonly telephony: readonly PricedLeg[];
}

/** Prices every stage once, the cancelled and the call's own ones too, with the prices in force at the call's start. */
export function pricesOf(call: GroupedCall, priceList: PriceList): PricedParts {
  const metered = meteredElsewhere(call);
  const usageIn = textUsage(call);
  const stages = new Map<StageFact, Priced | undefined>();
  for (const stage of call.stages)
    if (isBilled(stage, metered)) stages.set(stage, priceOf(stage, usageIn(stage), priceList, call.startUs));
  return {
    stages,
    livekit: livekitPrice(call, priceList),
    telephony: telephonyPrices(call, priceList),
  };
}

/**
 * Prices a call with the prices in force at its start. A component is null when nothing of it has a price, and what has
 * none is named in `unpriced`.
 */
export function costsOf(call: GroupedCall, priceList: PriceList): Costs {
  const { stages: prices, livekit, telephony } = pricesOf(call, priceList);

  const turn = (stages: readonly StageFact[]): TurnCost => {
    const sums: Partial<Record<StageComponent, Decimal>> = {};
    for (const stage of stages) {
      const cost = costIn(prices.get(stage));
      const kind = stage.stage as StageComponent;
      if (cost !== undefined) sums[kind] = addUsd(sums[kind], cost);
    }
    const { stt, llm, tts } = sums;
    return {
      cost_stt: stt ?? null,
      cost_llm: llm ?? null,
      cost_tts: tts ?? null,
      cost_total: sumUsd([stt, llm, tts]) ?? null,
    };
  };

  const legs = telephony.map(({ price }) => price);
  const all = [...prices.values(), livekit, ...legs];
  const stages = turn(call.stages);
  const minutes = [costIn(livekit), sumUsd(legs.map(costIn))] as const;
  return {
    turn,
    call: {
      ...stages,
      cost_livekit: minutes[0] ?? null,
      cost_telephony: minutes[1] ?? null,
      cost_total: sumUsd([stages.cost_total, ...minutes]) ?? null,
      unpriced: [...namesOf(all), ...unseenStages(call)].sort(),
      price_list: priceListName(priceList, all),
    },
  };
}

/** Undefined for what is not billed: playback and tools. */
function priceOf(
  stage: StageFact,
  usage: Usage | undefined,
  list: PriceList,
  atUs: number,
): Priced | undefined {
  const { stage: component, provider, model, requestedModel, serviceTier, streaming } = stage;
  if (component === 'playback' || component === 'tool') return undefined;
  const billed = { component, provider, model, requestedModel, serviceTier, streaming, usage, atUs };
  return priceStage(list, billed);
}

/**
 * False for a stage without usage that is not missing any: a request that failed before it used anything, and a
 * stage whose usage another one of the same provider carries, because it is metered by the connection or by the call.
 */
function isBilled({ usage, errorType, stage, provider }: StageFact, metered: ReadonlySet<string>): boolean {
  if (usage !== undefined) return true;
  return errorType === undefined && !metered.has(`${stage}/${provider}`);
}

/** `KIND/PROVIDER` of what need not say its usage: transcription, and in calls of hosted platforms all that they total. */
const meteredElsewhere = ({ stages, fact }: GroupedCall): ReadonlySet<string> =>
  new Set(
    stages.flatMap(({ stage, usage, provider }) =>
      usage !== undefined && (stage === 'stt' || fact?.platform !== undefined) ? `${stage}/${provider}` : [],
    ),
  );

const lengthOf = (call: GroupedCall): number => toSeconds(call.endUs - call.startUs);

/** LiveKit bills connections. */
function livekitPrice(call: GroupedCall, list: PriceList): Priced | undefined {
  if (call.fact?.transport !== 'livekit') return undefined;
  return priceMinutes(list, {
    component: 'livekit',
    provider: 'livekit',
    model: 'connection',
    durationSeconds: lengthOf(call),
    atUs: call.startUs,
  });
}

/**
 * A carrier bills each leg by its direction: those that it says it has billed, and the call as it was seen where it has not
 * said so of that. Audio from a web page passes no carrier.
 */
function telephonyPrices(call: GroupedCall, list: PriceList): PricedLeg[] {
  const { transport, direction } = call.fact ?? {};
  if (!CARRIERS.some((carrier) => carrier === transport) || direction === 'web') return [];
  const { billed = [] } = call;
  const seen: BilledLeg = {
    seconds: lengthOf(call),
    isThrough: false,
    ...(direction !== undefined && { direction }),
  };
  const isSaid = billed.some(({ isThrough }) => !isThrough);
  return [...(isSaid ? [] : [seen]), ...billed].flatMap((leg): PricedLeg[] => {
    const price = priceMinutes(list, {
      component: 'telephony',
      provider: transport,
      model: leg.direction ?? direction,
      durationSeconds: leg.seconds,
      atUs: call.startUs,
    });
    return price === undefined ? [] : [{ ...leg, price }];
  });
}

const costIn = (price: Priced | undefined) => (price && 'cost' in price ? price.cost : undefined);

/** Each name once, in order. */
const namesOf = (prices: readonly (Priced | undefined)[]): string[] =>
  [...new Set(prices.flatMap((price) => (price && 'unpriced' in price ? price.unpriced : [])))].sort();
