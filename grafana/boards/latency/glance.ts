import { l } from '../../columns.ts';
import { stat } from '../../panels.ts';
import { rows } from '../../queries.ts';
import { TARGET, TURNS } from '../../scope.ts';
import { ANSWERED, eou, NO_TURNS, SILENCE_LIMITS } from './terms.ts';

export const glance = {
  id: 1,
  title: 'At a glance',
  panels: [
    stat({
      id: 2,
      title: 'Turns under target',
      description:
        'Share of the answered turns whose EOU latency, the silence from the end of the utterance to the first agent audio, is at most the target. Exact, from the rows.',
      unit: 'percentunit',
      decimals: 1,
      width: 6,
      empty: NO_TURNS,
      limits: [
        [0, 'red'],
        [0.9, 'orange'],
        [0.95, 'green'],
      ],
      queries: [
        rows(
          `SELECT avg((${l.eou_latency} <= ${TARGET})::int)::double precision AS under_target\n${ANSWERED}`,
        ),
      ],
    }),
    ...([0.5, 0.95, 0.99] as const).map((fraction, index) =>
      stat({
        id: 3 + index,
        title: `EOU latency p${fraction * 100}`,
        description: `The silence that ${fraction * 100} of 100 answered turns did not exceed. Exact, from the rows.`,
        unit: 's',
        decimals: 2,
        width: 4,
        empty: NO_TURNS,
        limits: SILENCE_LIMITS,
        queries: [rows(`SELECT ${eou(fraction)} AS p${fraction * 100}\n${ANSWERED}`)],
      }),
    ),
    stat({
      id: 6,
      title: 'Answered turns',
      description: 'Turns with an EOU latency. A greeting has none: the user had not spoken.',
      unit: 'short',
      width: 3,
      empty: NO_TURNS,
      queries: [rows(`SELECT nullif(count(*), 0) AS turns\n${ANSWERED}`)],
    }),
    stat({
      id: 7,
      title: 'Turns with an error',
      description: 'Turns in which a stage or the turn failed. A barge-in is not an error.',
      unit: 'percentunit',
      decimals: 1,
      width: 3,
      empty: 'No turns in this time range',
      limits: [
        [0, 'green'],
        [0.01, 'orange'],
        [0.05, 'red'],
      ],
      queries: [
        rows(`SELECT avg((${l.error_type} IS NOT NULL)::int)::double precision AS with_error\n${TURNS}`),
      ],
    }),
  ],
};
