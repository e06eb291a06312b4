import {
  catalogue,
  type Priced,
  priceMinutes,
  priceStage,
  type StageComponent,
} from '../../exporter/pricing/index.ts';
import type { Usage } from '../../model/facts.ts';

export const AT = Date.parse('2026-11-23') * 1_000;

/** The cost as text, the name of what is unpriced, or undefined. */
export const shown = (priced: Priced | undefined): string | undefined =>
  priced && ('cost' in priced ? priced.cost.toString() : `unpriced ${priced.unpriced}`);

export function cost(
  component: StageComponent,
  provider: string | undefined,
  model: string | undefined,
  usage?: Usage,
  streaming?: boolean,
) {
  return shown(priceStage(catalogue(), { component, provider, model, usage, streaming, atUs: AT }));
}
export const minutes = (
  component: 'telephony' | 'livekit',
  provider: string,
  model: string,
  seconds?: number,
) => shown(priceMinutes(catalogue(), { component, provider, model, durationSeconds: seconds, atUs: AT }));
