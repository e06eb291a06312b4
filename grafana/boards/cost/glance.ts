import { m } from '../../columns.ts';
import { stat } from '../../panels.ts';
import { rows } from '../../queries.ts';
import { CALLS } from '../../scope.ts';
import { cacheHits, LOWER_BOUND, NO_CALLS, perMinute, spend, USD } from './terms.ts';

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
      queries: [rows(`SELECT ${spend}::double precision AS spend\n${CALLS}`)],
    }),
    stat({
      id: 3,
      title: 'Per call',
      description: `Mean cost of the calls that have a cost. ${LOWER_BOUND}`,
      unit: USD,
      decimals: 4,
      width: 4,
      empty: NO_CALLS,
      queries: [rows(`SELECT avg(${m.cost_total})::double precision AS per_call\n${CALLS}`)],
    }),
    stat({
      id: 4,
      title: 'Per minute',
      description: `Spend divided by the minutes of the calls that have a cost. ${LOWER_BOUND}`,
      unit: USD,
      decimals: 4,
      width: 4,
      empty: NO_CALLS,
      queries: [rows(`SELECT ${perMinute} AS per_minute\n${CALLS}\n  AND ${m.cost_total} IS NOT NULL`)],
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
          `SELECT ${spend}::double precision / nullif(extract(epoch FROM ($__timeTo()::timestamptz - $__timeFrom()::timestamptz))::double precision, 0) * 2592000 AS projected\n${CALLS}`,
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
      queries: [rows(`SELECT ${cacheHits} AS cache_hits\n${CALLS}`)],
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
        rows(`SELECT avg((cardinality(${m.unpriced}) > 0)::int)::double precision AS unpriced\n${CALLS}`),
      ],
    }),
  ],
};
