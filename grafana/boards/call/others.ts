import { m } from '../../columns.ts';
import { TO_CALL } from '../../links.ts';
import { table } from '../../panels.ts';
import { rows } from '../../queries.ts';
import { USD } from './terms.ts';

export const others = {
  id: 30,
  title: 'Find a call',
  panels: [
    table({
      id: 31,
      title: 'Last calls',
      description: 'The 100 calls that began last in the time range. The id opens the call here.',
      unit: 'none',
      width: 24,
      height: 10,
      empty: 'No calls in this time range',
      columns: [
        { name: 'time', title: 'Began', unit: 'dateTimeAsIso', width: 180 },
        { name: 'call_id', title: 'Call', unit: 'string', links: [TO_CALL] },
        { name: 'service_name', title: 'Service', unit: 'string' },
        { name: 'agent_name', title: 'Agent', unit: 'string' },
        { name: 'duration_seconds', title: 'Duration', unit: 's', decimals: 0 },
        { name: 'turn_count', title: 'Turns', decimals: 0 },
        { name: 'eou_latency_p95', title: 'EOU latency p95', unit: 's', decimals: 2 },
        { name: 'cost_total', title: 'Cost', unit: USD, decimals: 4 },
        { name: 'outcome', title: 'Outcome', unit: 'string' },
      ],
      queries: [
        rows(
          `SELECT ${m.started_at} AS time, ${m.call_id}, ${m.service_name}, ${m.agent_name}, ${m.duration_seconds}, ${m.turn_count}, ${m.eou_latency_p95}, ${m.cost_total}, ${m.outcome}\nFROM earshot.call_metrics m\nWHERE $__timeFilter(${m.started_at})\nORDER BY ${m.started_at} DESC\nLIMIT 100`,
        ),
      ],
    }),
  ],
};
