import { stat } from '../../panels.ts';
import { rows } from '../../queries.ts';
import { ROLLED_WORDS, rolledCalls, rolledHistograms, rolledPercentile } from '../../rolled.ts';
import { TARGET } from '../../scope.ts';
import { NO_TURNS, SILENCE_LIMITS } from './terms.ts';

const SILENCE = rolledHistograms(['eou_latency']);

export const glance = {
  id: 1,
  title: 'At a glance',
  panels: [
    stat({
      id: 2,
      title: 'Turns under target',
      description:
        'Share of the answered turns whose EOU latency, the silence from the end of the utterance to the first agent audio, is at most the target. Within 1 %.',
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
        rows(`SELECT earshot.rolled_share(${TARGET}, h.buckets, h.counts) AS under_target\n${SILENCE}`),
      ],
    }),
    ...([0.5, 0.95, 0.99] as const).map((fraction, index) =>
      stat({
        id: 3 + index,
        title: `EOU latency p${fraction * 100}`,
        description: `The silence that ${fraction * 100} of 100 answered turns did not exceed. Within 1 %.`,
        unit: 's',
        decimals: 2,
        width: 4,
        empty: NO_TURNS,
        limits: SILENCE_LIMITS,
        queries: [rows(`SELECT ${rolledPercentile(fraction)} AS p${fraction * 100}\n${SILENCE}`)],
      }),
    ),
    stat({
      id: 6,
      title: 'Answered turns',
      description: 'Turns with an EOU latency. A greeting has none: the user had not spoken.',
      unit: 'short',
      width: 3,
      empty: NO_TURNS,
      queries: [rows(`SELECT h.turns::double precision AS turns\n${SILENCE}`)],
    }),
    stat({
      id: 7,
      title: 'Turns with an error',
      description:
        'Share of the turns of the chosen calls in which a stage or the turn failed. A barge-in is not an error.',
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
        rows(
          `SELECT (coalesce(e.turns, 0) / nullif(c.turns, 0))::double precision AS with_error\nFROM (SELECT sum(w.count) AS turns ${ROLLED_WORDS} WHERE w.kind = 'error') AS e\nCROSS JOIN (SELECT sum(r.turns) AS turns ${rolledCalls()}) AS c`,
        ),
      ],
    }),
  ],
};
