import { stat } from '../../panels.ts';
import { rows } from '../../queries.ts';
import { rolledCalls } from '../../rolled.ts';
import { cacheHits, LOWER_BOUND, NO_CALLS, perCall, perMinute, spend, USD } from './terms.ts';

export const glance = {
  id: 1,
  title: 'At a glance',
  panels: [
    stat({
      id: 2,
      title: 'Spend',
      description: `What the calls that began in the time range cost, all components. ${LOWER_BOUND}`,
      unit: USD,
      width: 4,
      empty: NO_CALLS,
      queries: [rows(`SELECT ${spend}::double precision AS spend\n${rolledCalls()}`)],
    }),
    stat({
      id: 3,
      title: 'Per call',
      description: `Mean cost of the calls that have a cost. ${LOWER_BOUND}`,
      unit: USD,
      decimals: 4,
      width: 4,
      empty: NO_CALLS,
      queries: [rows(`SELECT ${perCall} AS per_call\n${rolledCalls()}`)],
    }),
    stat({
      id: 4,
      title: 'Per minute',
      description: `Spend divided by the minutes of the calls that have a cost. ${LOWER_BOUND}`,
      unit: USD,
      decimals: 4,
      width: 4,
      empty: NO_CALLS,
      queries: [rows(`SELECT ${perMinute} AS per_minute\n${rolledCalls()}`)],
    }),
    stat({
      id: 5,
      title: 'Projected for 30 days',
      description: 'The spend of the time range, carried on at its pace for 30 days.',
      unit: USD,
      width: 4,
      empty: NO_CALLS,
      queries: [
        rows(
          `SELECT ${spend}::double precision / nullif(extract(epoch FROM ($__timeTo()::timestamptz - $__timeFrom()::timestamptz))::double precision, 0) * 2592000 AS projected\n${rolledCalls()}`,
        ),
      ],
    }),
    stat({
      id: 6,
      title: 'Prompt cache hits',
      description:
        'Share of the prompt tokens that the provider read from its cache, over the calls where it says so. Cached tokens are cheaper.',
      unit: 'percentunit',
      decimals: 1,
      width: 4,
      empty: 'No provider reported cached tokens',
      queries: [rows(`SELECT ${cacheHits} AS cache_hits\n${rolledCalls()}`)],
    }),
    stat({
      id: 7,
      title: 'Calls with unpriced usage',
      description:
        'Share of the calls in which something was used that the price list has no price for. Their cost is a lower bound; what it is, is listed below.',
      unit: 'percentunit',
      decimals: 1,
      width: 4,
      empty: 'No calls in this time range',
      limits: [
        [0, 'green'],
        [0.001, 'orange'],
        [0.05, 'red'],
      ],
      queries: [
        rows(
          `SELECT (sum(r.unpriced_calls) / nullif(sum(r.calls), 0))::double precision AS unpriced\n${rolledCalls()}`,
        ),
      ],
    }),
  ],
};
