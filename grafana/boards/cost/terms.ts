export const NO_CALLS = 'No priced calls in this time range';
export const NO_METRICS = 'No live metrics: does Prometheus scrape the processes that finalize calls?';
export const USD = 'currencyUSD';
export const LOWER_BOUND = 'A lower bound where something had no price.';

/** Of rollups of calls. */
export const spend = 'sum(r.cost_total)';
export const minutes = '(sum(r.priced_us) / 60000000)::double precision';
export const perMinute = `${spend}::double precision / nullif(${minutes}, 0)`;
export const perCall = `(${spend} / nullif(sum(r.priced_calls), 0))::double precision`;
export const cacheHits =
  'sum(r.llm_cached_tokens)::double precision / nullif(sum(r.judged_input_tokens), 0)::double precision';

/** What a call's cost consists of. */
export const PARTS = ['stt', 'llm', 'tts', 'livekit', 'telephony'] as const;
export const parts = PARTS.map((part) => `sum(r.cost_${part})::double precision AS ${part}`).join(',\n  ');
