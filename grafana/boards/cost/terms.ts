import { m } from '../../columns.ts';

export const NO_CALLS = 'No priced calls in this time range';
export const NO_METRICS = 'No live metrics: does Prometheus scrape the processes that finalize calls?';
export const USD = 'currencyUSD';
export const LOWER_BOUND = 'A lower bound where something had no price.';

export const spend = `sum(${m.cost_total})`;
export const minutes = `sum(${m.duration_seconds}) / 60`;
export const perMinute = `${spend}::double precision / nullif(${minutes}, 0)`;
export const succeeded = `count(*) FILTER (WHERE ${m.outcome} = 'SUCCESS')`;

/** What a call's cost consists of. */
export const PARTS = ['stt', 'llm', 'tts', 'livekit', 'telephony'] as const;
export const parts = PARTS.map((part) => `sum(${m[`cost_${part}`]})::double precision AS ${part}`).join(
  ',\n  ',
);

export const cacheHits = `sum(${m.llm_cached_tokens})::double precision / nullif(sum(${m.llm_input_tokens}) FILTER (WHERE ${m.llm_cached_tokens} IS NOT NULL), 0)`;
