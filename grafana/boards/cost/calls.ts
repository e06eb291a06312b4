import { m } from '../../columns.ts';
import { TO_CALL } from '../../links.ts';
import { table } from '../../panels.ts';
import { rows } from '../../queries.ts';
import { ROLLED_WORDS } from '../../rolled.ts';
import { CALLS } from '../../scope.ts';
import { LOWER_BOUND, NO_CALLS, PARTS, USD } from './terms.ts';

export const calls = {
  id: 30,
  title: 'Calls and prices',
  panels: [
    table({
      id: 31,
      title: 'Most expensive calls',
      description: `The 50 calls that cost most. ${LOWER_BOUND}`,
      unit: USD,
      decimals: 4,
      width: 24,
      height: 10,
      empty: NO_CALLS,
      columns: [
        { name: 'time', title: 'Began', unit: 'dateTimeAsIso', width: 180 },
        { name: 'call_id', title: 'Call', unit: 'string', links: [TO_CALL] },
        { name: 'agent_name', title: 'Agent', unit: 'string' },
        { name: 'campaign_id', title: 'Campaign', unit: 'string' },
        { name: 'duration_seconds', title: 'Duration', unit: 's', decimals: 0 },
        { name: 'turn_count', title: 'Turns', unit: 'none', decimals: 0, width: 70 },
        { name: 'cost_total', title: 'Cost', bar: true },
        ...PARTS.map((part) => ({ name: `cost_${part}`, title: part })),
        { name: 'unpriced', title: 'Unpriced', unit: 'string' },
      ],
      queries: [
        rows(
          `SELECT ${m.started_at} AS time, ${m.call_id}, ${m.agent_name}, ${m.campaign_id}, ${m.duration_seconds}, ${m.turn_count},\n  ${m.cost_total}, ${PARTS.map((part) => m[`cost_${part}`]).join(', ')}, array_to_string(${m.unpriced}, ', ') AS unpriced\n${CALLS}\n  AND ${m.cost_total} IS NOT NULL\nORDER BY ${m.cost_total} DESC\nLIMIT 50`,
        ),
      ],
    }),
    table({
      id: 32,
      title: 'Without a price',
      description:
        'What was used and the price list does not know, as component:provider/model. Add its price and run `earshot reprice` to have it in past calls.',
      unit: 'short',
      width: 12,
      empty: 'Everything that was used has a price',
      columns: [
        { name: 'name', title: 'Used', unit: 'string' },
        { name: 'calls', title: 'Calls', bar: true },
        { name: 'last_used', title: 'Last used', unit: 'dateTimeAsIso' },
      ],
      queries: [
        rows(
          `SELECT w.name, sum(w.count)::double precision AS calls, max(w.last_started_at) AS last_used\n${ROLLED_WORDS}\nWHERE w.kind = 'unpriced'\nGROUP BY 1\nORDER BY 2 DESC`,
        ),
      ],
    }),
    table({
      id: 33,
      title: 'Price lists',
      description: 'Which price list the costs come from.',
      unit: USD,
      width: 12,
      empty: 'No calls in this time range',
      columns: [
        { name: 'price_list', title: 'Price list', unit: 'string' },
        { name: 'calls', title: 'Calls', unit: 'short' },
        { name: 'spend', title: 'Spend' },
        { name: 'last_call', title: 'Last call', unit: 'dateTimeAsIso' },
      ],
      queries: [
        rows(
          `SELECT w.name AS price_list, sum(w.count)::double precision AS calls, sum(w.cost)::double precision AS spend, max(w.last_started_at) AS last_call\n${ROLLED_WORDS}\nWHERE w.kind = 'price_list'\nGROUP BY 1\nORDER BY 2 DESC`,
        ),
      ],
    }),
  ],
};
