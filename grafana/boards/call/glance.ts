import { OUTCOMES } from '../../../model/vocabulary.ts';
import { m } from '../../columns.ts';
import { stat, table } from '../../panels.ts';
import { rows } from '../../queries.ts';
import { NO_CALL, OF_CALL, USD } from './terms.ts';

export const glance = {
  id: 1,
  title: 'The call',
  panels: [
    stat({
      id: 2,
      title: 'Outcome',
      description: `${OUTCOMES.join(', ')}; or unknown.`,
      unit: 'string',
      width: 4,
      empty: NO_CALL,
      text: 'outcome',
      queries: [rows(`SELECT coalesce(${m.outcome}, 'unknown') AS outcome\n${OF_CALL}`)],
    }),
    stat({
      id: 3,
      title: 'Duration',
      description: 'From connect to hang-up.',
      unit: 's',
      decimals: 0,
      width: 4,
      empty: NO_CALL,
      queries: [rows(`SELECT ${m.duration_seconds}\n${OF_CALL}`)],
    }),
    stat({
      id: 4,
      title: 'Turns',
      description: 'Exchanges between user and agent, a greeting included.',
      unit: 'none',
      width: 4,
      empty: NO_CALL,
      queries: [rows(`SELECT ${m.turn_count}\n${OF_CALL}`)],
    }),
    stat({
      id: 5,
      title: 'EOU latency p95',
      description: 'Over the answered turns of the call.',
      unit: 's',
      decimals: 2,
      width: 4,
      empty: 'No answered turn',
      limits: [
        [0, 'green'],
        [0.8, 'orange'],
        [1.2, 'red'],
      ],
      queries: [rows(`SELECT ${m.eou_latency_p95}\n${OF_CALL}`)],
    }),
    stat({
      id: 6,
      title: 'Interruptions',
      description: 'How often the user cut the agent off.',
      unit: 'none',
      width: 4,
      empty: NO_CALL,
      limits: [
        [0, 'green'],
        [1, 'orange'],
        [3, 'red'],
      ],
      queries: [rows(`SELECT ${m.interruption_count}\n${OF_CALL}`)],
    }),
    stat({
      id: 7,
      title: 'Cost',
      description: 'All components; a lower bound where something had no price.',
      unit: USD,
      decimals: 4,
      width: 4,
      empty: 'Nothing of the call has a price',
      queries: [rows(`SELECT ${m.cost_total}::double precision AS cost\n${OF_CALL}`)],
    }),
    table({
      id: 8,
      title: 'What is known of it',
      description: 'The row of the call in call_metrics.',
      unit: 'string',
      width: 24,
      height: 4,
      empty: NO_CALL,
      columns: [
        { name: 'started_at', title: 'Began', unit: 'dateTimeAsIso' },
        { name: 'ended_at', title: 'Ended', unit: 'dateTimeAsIso' },
        { name: 'service_name', title: 'Service' },
        { name: 'agent_name', title: 'Agent' },
        { name: 'campaign_id', title: 'Campaign' },
        { name: 'direction', title: 'Direction' },
        { name: 'channel', title: 'Channel' },
        { name: 'end_reason', title: 'End reason' },
        { name: 'outcome_source', title: 'Outcome decided by' },
        { name: 'sentiment_label', title: 'Sentiment' },
        { name: 'price_list', title: 'Price list' },
        { name: 'unpriced', title: 'Without a price' },
      ],
      queries: [
        rows(
          `SELECT ${m.started_at}, ${m.ended_at}, ${m.service_name}, ${m.agent_name}, ${m.campaign_id}, ${m.direction}, ${m.channel}, ${m.end_reason}, ${m.outcome_source}, ${m.sentiment_label}, ${m.price_list}, array_to_string(${m.unpriced}, ', ') AS unpriced\n${OF_CALL}`,
        ),
      ],
    }),
  ],
};
