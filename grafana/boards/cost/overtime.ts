import { METRICS } from '../../../model/semconv.ts';
import { counter, LABEL } from '../../names.ts';
import { lines } from '../../panels.ts';
import { overTime, timeSeries } from '../../queries.ts';
import { ROLLED_COSTS, rolledCalls, rolledPercentile } from '../../rolled.ts';
import { cacheHits, LOWER_BOUND, NO_CALLS, NO_METRICS, parts, USD } from './terms.ts';

export const overtime = {
  id: 10,
  title: 'Over time',
  panels: [
    lines({
      id: 11,
      title: 'Spend by component',
      description: `Cost of the calls that began in each interval. ${LOWER_BOUND}`,
      unit: USD,
      width: 12,
      empty: NO_CALLS,
      stacked: true,
      interval: '5m',
      queries: [
        timeSeries(
          `SELECT $__timeGroupAlias(r.at, $__interval),\n  ${parts}\n${rolledCalls('over time')}\nGROUP BY 1\nORDER BY 1`,
        ),
      ],
    }),
    lines({
      id: 12,
      title: 'Cost of a call',
      description:
        'Median, 95th percentile and mean of the calls that began in each interval; percentiles within 1 %.',
      unit: USD,
      decimals: 4,
      width: 12,
      empty: NO_CALLS,
      interval: '5m',
      queries: [
        timeSeries(
          `SELECT $__timeGroupAlias(h.at, $__interval),\n  ${rolledPercentile(0.5)} AS p50,\n  ${rolledPercentile(0.95)} AS p95,\n  h.mean\n${ROLLED_COSTS}\nORDER BY 1`,
        ),
      ],
    }),
    lines({
      id: 13,
      title: 'Live spend per hour',
      description:
        'Cost of the calls that are being finalized, as an hourly rate. Not narrowed by service, agent, campaign, provider or model.',
      unit: USD,
      width: 8,
      empty: NO_METRICS,
      stacked: true,
      queries: [
        overTime(
          `sum by (${LABEL.costComponent}) (rate(${counter(METRICS.callCost)}[$__rate_interval])) * 3600`,
          `{{${LABEL.costComponent}}}`,
        ),
      ],
    }),
    lines({
      id: 14,
      title: 'Live tokens',
      description:
        'LLM tokens of the calls that are being finalized, per second. Input is without the cached tokens, so that the types add up.',
      unit: 'suffix: tokens/s',
      width: 8,
      empty: NO_METRICS,
      stacked: true,
      queries: [
        overTime(
          `sum by (${LABEL.tokenType}) (rate(${counter(METRICS.usageTokens)}{${LABEL.provider}=~"$provider", ${LABEL.model}=~"$model"}[$__rate_interval]))`,
          `{{${LABEL.tokenType}}}`,
        ),
      ],
    }),
    lines({
      id: 15,
      title: 'Prompt cache hits',
      description:
        'Share of the prompt tokens that was read from a cache, over the calls where the provider says so.',
      unit: 'percentunit',
      width: 8,
      empty: 'No provider reported cached tokens',
      max: 1,
      interval: '5m',
      queries: [
        timeSeries(
          `SELECT $__timeGroupAlias(r.at, $__interval),\n  ${cacheHits} AS cache_hits\n${rolledCalls('over time')}\nWHERE r.llm_cached_tokens IS NOT NULL\nGROUP BY 1\nORDER BY 1`,
        ),
      ],
    }),
  ],
};
