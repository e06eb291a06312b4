import type { Decimal } from 'decimal.js';
import type { Usage } from '../../model/facts.ts';
import { sumUsd } from '../pricing/money.ts';
import type { Priced } from '../pricing/price.ts';
import type { PriceList } from '../pricing/price-list.ts';
import { COMPONENTS, type Component } from '../pricing/units.ts';
import { pricesOf } from './cost.ts';
import type { GroupedCall } from './grouped.ts';
import { toSeconds } from './latencies.ts';

/** One line of a call's bill: what one model did in the call, and what that cost. */
export interface BillLine {
  component: Component;
  provider?: string;
  model?: string;
  /** Stages, or legs of the call. */
  count: number;
  usage: Usage & { callSeconds?: number };
  /** Absent: nothing of it has a price. */
  cost?: Decimal;
  /** The price that was used, as `stt:deepgram/nova-3:streaming@2026-05-05`. */
  entry?: string;
  /** The price is assumed to have held then. */
  assumed?: boolean;
  /** What had no price, as in the column `unpriced`. */
  unpriced?: string;
}

/** What a call is billed for, in the order of the components: the lines add up to the costs of its row. */
export function billOf(call: GroupedCall, priceList: PriceList): BillLine[] {
  const { stages, livekit, telephony } = pricesOf(call, priceList);
  const lines = new Map<string, { line: BillLine; costs: Decimal[] }>();
  for (const [stage, price] of stages) {
    if (price === undefined || stage.stage === 'playback' || stage.stage === 'tool') continue;
    const { provider, model } = stage;
    add(lines, stage.stage, price, {
      usage: stage.usage ?? {},
      ...(provider !== undefined && { provider }),
      ...(model !== undefined && { model }),
    });
  }
  if (livekit)
    add(lines, 'livekit', livekit, {
      usage: { callSeconds: toSeconds(call.endUs - call.startUs) },
      provider: 'livekit',
    });
  const { transport, direction: called } = call.fact ?? {};
  for (const { price, seconds, direction = called } of telephony)
    add(lines, 'telephony', price, {
      usage: { callSeconds: seconds },
      ...(transport !== undefined && { provider: transport }),
      ...(direction !== undefined && { model: direction }),
    });
  return [...lines.values()]
    .map(({ line, costs }) => {
      const cost = sumUsd(costs);
      return cost === undefined ? line : { ...line, cost };
    })
    .sort((a, b) => COMPONENTS.indexOf(a.component) - COMPONENTS.indexOf(b.component));
}

function add(
  lines: Map<string, { line: BillLine; costs: Decimal[] }>,
  component: Component,
  price: Priced,
  part: Pick<BillLine, 'provider' | 'model' | 'usage'>,
): void {
  const name = 'entry' in price ? price.entry : price.unpriced;
  const key = `${component}\n${part.provider ?? ''}\n${part.model ?? ''}\n${name}`;
  const cost = 'cost' in price ? price.cost : undefined;
  const found = lines.get(key);
  if (found === undefined) {
    const from = 'entry' in price ? { entry: name } : { unpriced: name };
    const assumed = 'assumed' in price && price.assumed === true;
    lines.set(key, {
      line: { ...part, component, count: 1, usage: { ...part.usage }, ...from, ...(assumed && { assumed }) },
      costs: cost === undefined ? [] : [cost],
    });
    return;
  }
  found.line.count += 1;
  addUsage(found.line.usage, part.usage);
  if (cost !== undefined) found.costs.push(cost);
}

type Quantities = Omit<BillLine['usage'], 'estimated'>;

/** Adds quantities to those of a line; what neither knows stays unknown. In place: a long call has a thousand stages. */
function addUsage(sum: BillLine['usage'], usage: BillLine['usage']): void {
  for (const name of Object.keys(usage) as (keyof BillLine['usage'])[]) {
    const value = usage[name];
    if (typeof value !== 'number') continue;
    const key = name as keyof Quantities;
    sum[key] = (sum[key] ?? 0) + value;
  }
  if (usage.estimated === true) sum.estimated = true;
}
