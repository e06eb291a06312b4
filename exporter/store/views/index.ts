/** What the page shows of many calls. Each statement is bounded in what it looks at. */
export type { OverTarget } from '../over-target.ts';
export type { SpeechTotals } from '../rollups/speech.ts';
export { CALL_SORTS, type CallSort } from '../select-calls.ts';
export {
  type CallPosition,
  listCallPage,
  listTurns,
} from './call-list.ts';
export { type CallSample, type CallSamples, getCallSamples } from './call-samples.ts';
export { searchCallPage } from './call-search.ts';
export { type Choices, getChoices, getModels } from './choices.ts';
export { COST_DIMENSIONS, type CostDimension, getCostBy } from './cost-by.ts';
export { getLatency, type LatencyView, type ModelLatency } from './latency.ts';
export { type Counted, getQuality, type QualityView } from './quality.ts';
export { listFinishedSince, listRunning, type RunningCall } from './running.ts';
export type { CallSelection } from './selection.ts';
export { listSlowTurns } from './slow-turns.ts';
export { getSpending, type SpendingPart, type SpendingView } from './spending.ts';
export { type CallTotals, getSilence, getTotals, type SilenceFigures } from './totals.ts';
