import { METRICS } from '../../../model/semconv.ts';
import { INTERRUPTION_KINDS } from '../../../model/vocabulary.ts';
import { m } from '../../columns.ts';
import { counter, LABEL } from '../../names.ts';
import { bars, lines, pie } from '../../panels.ts';
import { overTime, rows, timeSeries } from '../../queries.ts';
import { ROLLED_WORDS, rolledCalls } from '../../rolled.ts';
import { OF_LATEST, percentile } from '../../scope.ts';
import {
  BARGE_INS,
  falseInterruptionRate,
  interruptionRate,
  NO_BARGE_INS,
  NO_METRICS,
  NO_TURNS,
  STOP,
  STOP_LIMITS,
} from './terms.ts';

export const interruptions = {
  id: 20,
  title: 'Interruptions',
  panels: [
    lines({
      id: 21,
      title: 'Interruption rate',
      description: 'Barge-ins, and interruptions after which the agent resumed, per turn.',
      unit: 'percentunit',
      width: 12,
      empty: NO_TURNS,
      limits: [
        [0, 'green'],
        [0.15, 'orange'],
        [0.3, 'red'],
      ],
      limitLines: true,
      interval: '5m',
      queries: [
        timeSeries(
          `SELECT $__timeGroupAlias(r.at, $__interval),\n  ${interruptionRate} AS barge_in,\n  ${falseInterruptionRate} AS false_interruption\n${rolledCalls('over time')}\nGROUP BY 1\nORDER BY 1`,
        ),
      ],
    }),
    pie({
      id: 22,
      title: 'Turns by kind of interruption',
      description: `Turns in which user and agent spoke over each other, by the most telling kind: ${INTERRUPTION_KINDS.join(', ')}.`,
      unit: 'short',
      width: 12,
      empty: 'No one spoke over the other',
      slices: 'rows',
      queries: [
        rows(
          `SELECT w.name AS interruption_kind, sum(w.count)::double precision AS turns\n${ROLLED_WORDS}\nWHERE w.kind = 'interruption'\nGROUP BY 1\nORDER BY 2 DESC`,
        ),
      ],
    }),
    lines({
      id: 23,
      title: 'Barge-in to silence',
      description: `How long the agent talks on after it has been cut off. From the journal: as long as spans are kept. ${OF_LATEST.interrupted}`,
      unit: 's',
      width: 8,
      empty: NO_BARGE_INS,
      limits: STOP_LIMITS,
      limitLines: true,
      interval: '5m',
      queries: [
        timeSeries(
          `SELECT $__timeGroupAlias(${m.started_at}, $__interval),\n  ${percentile(0.5, STOP)} AS p50,\n  ${percentile(0.95, STOP)} AS p95\n${BARGE_INS}\nGROUP BY 1\nORDER BY 1`,
        ),
      ],
    }),
    bars({
      id: 24,
      title: 'Barge-ins by time to silence',
      description: `How many barge-ins silenced the agent within each tenth of a second; two seconds and more together. ${OF_LATEST.interrupted}`,
      unit: 'short',
      width: 8,
      empty: NO_BARGE_INS,
      x: 'seconds',
      queries: [
        rows(
          `SELECT b.tenth::text AS seconds, count(*) AS barge_ins\nFROM (\n  SELECT least(floor((${STOP} * 10)::numeric) / 10, 2.0)::numeric(3, 1) AS tenth\n  ${BARGE_INS.replaceAll('\n', '\n  ')}\n) AS b\nGROUP BY b.tenth\nORDER BY b.tenth`,
        ),
      ],
    }),
    lines({
      id: 25,
      title: 'Live: interruptions',
      description:
        'Interruptions in the calls that are being finalized, per minute. Not narrowed by the variables.',
      unit: 'suffix: /min',
      width: 8,
      empty: NO_METRICS,
      stacked: true,
      queries: [
        overTime(
          `sum by (${LABEL.interruptionKind}) (rate(${counter(METRICS.interruptions)}[$__rate_interval])) * 60`,
          `{{${LABEL.interruptionKind}}}`,
        ),
      ],
    }),
  ],
};
