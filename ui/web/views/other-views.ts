/** The views that a reader of calls has not opened yet: a file of their own, with the charts. */
export { CompareView } from './compare-view.tsx';
export { CostView } from './cost-view.tsx';
export { DecideView } from './decide-view.tsx';
export { IncidentView } from './incident-view.tsx';
export { IncidentsView } from './incidents-view.tsx';
export { LatencyView } from './latency-view.tsx';
export { QualityView } from './quality-view.tsx';
