import type { Dimension } from '../../../model/rollups.ts';
import { pie, table } from '../../panels.ts';
import { rows } from '../../queries.ts';
import { ROLLED_MODELS, rolledCalls } from '../../rolled.ts';
import { among } from '../../scope.ts';
import { LOWER_BOUND, minutes, NO_CALLS, parts, perCall, perMinute, spend, USD } from './terms.ts';

const groupOf = (column: Dimension, name: string) =>
  `SELECT coalesce(r.${column}, '(none)') AS ${name}, sum(r.priced_calls)::double precision AS calls, ${minutes} AS minutes,\n  ${spend}::double precision AS spend, ${perCall} AS per_call, ${perMinute} AS per_minute,\n  (${spend} / nullif(sum(r.priced_successes), 0))::double precision AS per_success\n${rolledCalls()}\nWHERE r.priced_calls > 0\nGROUP BY 1\nORDER BY spend DESC`;

const GROUP_COLUMNS = [
  { name: 'calls', title: 'Calls', unit: 'short', decimals: 0 },
  { name: 'minutes', title: 'Minutes', unit: 'short', decimals: 1 },
  { name: 'spend', title: 'Spend', bar: true },
  { name: 'per_call', title: 'Per call', decimals: 4 },
  { name: 'per_minute', title: 'Per minute', decimals: 4 },
  { name: 'per_success', title: 'Per success', decimals: 4 },
] as const;

export const where = {
  id: 20,
  title: 'Where it goes',
  panels: [
    pie({
      id: 21,
      title: 'By component',
      description: `Spend by what was used: speech-to-text, language model, text-to-speech, minutes of LiveKit and of telephony. ${LOWER_BOUND}`,
      unit: USD,
      decimals: 4,
      width: 8,
      empty: NO_CALLS,
      slices: 'columns',
      queries: [rows(`SELECT ${parts}\n${rolledCalls()}`)],
    }),
    table({
      id: 22,
      title: 'By model',
      description:
        'Cost of the turns by who ran each stage. What a call used outside of its turns, a voicemail greeting for example, is in the spend and not in here.',
      unit: USD,
      decimals: 4,
      width: 16,
      empty: NO_CALLS,
      columns: [
        { name: 'component', title: 'Component', unit: 'string' },
        { name: 'provider', title: 'Provider', unit: 'string' },
        { name: 'model', title: 'Model', unit: 'string' },
        { name: 'turns', title: 'Turns', unit: 'short', decimals: 0 },
        { name: 'quantity', title: 'Used', unit: 'short', decimals: 0 },
        { name: 'quantity_unit', title: 'Of', unit: 'string' },
        { name: 'cost', title: 'Cost', bar: true },
        { name: 'per_turn', title: 'Per turn', decimals: 6 },
      ],
      queries: [
        rows(
          `SELECT r.stage AS component, r.provider, r.model, sum(r.turns)::double precision AS turns,\n  (sum(r.quantity) / CASE r.stage WHEN 'stt' THEN 1000000 ELSE 1 END)::double precision AS quantity,\n  CASE r.stage WHEN 'stt' THEN 'seconds' WHEN 'llm' THEN 'tokens' ELSE 'characters' END AS quantity_unit,\n  sum(r.cost)::double precision AS cost, (sum(r.cost) / sum(r.turns))::double precision AS per_turn\n${ROLLED_MODELS}\nWHERE r.provider IS NOT NULL AND ${among('r.provider', 'provider')} AND ${among('r.model', 'model')}\nGROUP BY 1, 2, 3\nORDER BY cost DESC NULLS LAST`,
        ),
      ],
    }),
    table({
      id: 23,
      title: 'By agent',
      description: `The calls that have a cost, by agent. Per success: spend of all of them, divided by those that succeeded. ${LOWER_BOUND}`,
      unit: USD,
      width: 12,
      empty: NO_CALLS,
      columns: [{ name: 'agent', title: 'Agent', unit: 'string' }, ...GROUP_COLUMNS],
      queries: [rows(groupOf('agent_name', 'agent'))],
    }),
    table({
      id: 24,
      title: 'By campaign',
      description: `The calls that have a cost, by campaign. Per success: spend of all of them, divided by those that succeeded. ${LOWER_BOUND}`,
      unit: USD,
      width: 12,
      empty: NO_CALLS,
      columns: [{ name: 'campaign', title: 'Campaign', unit: 'string' }, ...GROUP_COLUMNS],
      queries: [rows(groupOf('campaign_id', 'campaign'))],
    }),
  ],
};
