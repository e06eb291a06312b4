import { stat } from '../../panels.ts';
import { rows } from '../../queries.ts';
import { rolledCalls } from '../../rolled.ts';
import { OF_LATEST, percentile } from '../../scope.ts';
import { BARGE_INS, interruptionRate, NO_BARGE_INS, NO_CALLS, NO_TURNS, STOP, STOP_LIMITS } from './terms.ts';

export const glance = {
  id: 1,
  title: 'At a glance',
  panels: [
    stat({
      id: 2,
      title: 'Calls',
      description: 'Calls that began in the time range and have been finalized.',
      unit: 'short',
      width: 4,
      empty: NO_CALLS,
      queries: [rows(`SELECT nullif(sum(r.calls), 0)::double precision AS calls\n${rolledCalls()}`)],
    }),
    stat({
      id: 3,
      title: 'Success',
      description: 'Share of SUCCESS among the calls whose outcome is known.',
      unit: 'percentunit',
      decimals: 1,
      width: 4,
      empty: 'No call has a known outcome',
      limits: [
        [0, 'red'],
        [0.5, 'orange'],
        [0.8, 'green'],
      ],
      queries: [
        rows(
          `SELECT (sum(r.outcome_success) / nullif(sum(r.calls - r.outcome_unknown), 0))::double precision AS success\n${rolledCalls()}`,
        ),
      ],
    }),
    stat({
      id: 4,
      title: 'Outcome unknown',
      description:
        'Share of the calls for which nothing says how they ended. Unknown is neither success nor failure.',
      unit: 'percentunit',
      decimals: 1,
      width: 4,
      empty: NO_CALLS,
      limits: [
        [0, 'green'],
        [0.1, 'orange'],
        [0.3, 'red'],
      ],
      queries: [
        rows(
          `SELECT (sum(r.outcome_unknown) / nullif(sum(r.calls), 0))::double precision AS unknown\n${rolledCalls()}`,
        ),
      ],
    }),
    stat({
      id: 5,
      title: 'Interruption rate',
      description: 'Barge-ins per turn: how often the user cuts the agent off.',
      unit: 'percentunit',
      decimals: 1,
      width: 4,
      empty: NO_TURNS,
      limits: [
        [0, 'green'],
        [0.15, 'orange'],
        [0.3, 'red'],
      ],
      queries: [rows(`SELECT ${interruptionRate} AS interruption_rate\n${rolledCalls()}`)],
    }),
    stat({
      id: 6,
      title: 'Barge-in to silence, p95',
      description: `How long the agent talks on after it has been cut off. From the journal: as long as spans are kept. ${OF_LATEST.interrupted}`,
      unit: 's',
      decimals: 2,
      width: 4,
      empty: NO_BARGE_INS,
      limits: STOP_LIMITS,
      queries: [rows(`SELECT ${percentile(0.95, STOP)} AS stop_p95\n${BARGE_INS}`)],
    }),
    stat({
      id: 7,
      title: 'Sentiment',
      description:
        "Mean sentiment of the users' words over the calls that have one, from -1 (negative) to 1 (positive).",
      unit: 'none',
      decimals: 2,
      width: 4,
      empty: 'No call has a sentiment',
      limits: [
        [-1, 'red'],
        [-0.2, 'orange'],
        [0.05, 'green'],
      ],
      queries: [
        rows(
          `SELECT (sum(r.sentiment_billionths) / 1e9 / nullif(sum(r.felt_calls), 0))::double precision AS sentiment\n${rolledCalls()}`,
        ),
      ],
    }),
  ],
};
