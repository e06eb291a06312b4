import { m, s } from '../../columns.ts';

export const NO_METRICS = 'No metrics: does Prometheus scrape `earshot serve`?';
export const NO_COLLECTOR = "No metrics: does Prometheus scrape the collector's own page?";
export const NO_CALLS = 'No calls in this time range';

export const rate = (name: string) => `rate(${name}[$__rate_interval])`;
export const BAD = [
  [0, 'green'],
  [0.000001, 'red'],
] as const;

/** Seconds from a call's end to its rows. Its delay is two seconds. */
export const lag = `extract(epoch FROM ${m.finalized_at} - ${m.ended_at})::double precision`;
export const delivery = `extract(epoch FROM ${s.recorded_at} - ${s.ended_at})::double precision`;
export const ofCalls = `FROM earshot.call_metrics m\nWHERE $__timeFilter(${m.started_at})`;
export const LAG_LIMITS = [
  [0, 'green'],
  [60, 'orange'],
  [600, 'red'],
] as const;
