import { METRICS } from '../../../model/semconv.ts';
import { m } from '../../columns.ts';
import { counter, LABEL } from '../../names.ts';
import { lines, pie, table } from '../../panels.ts';
import { overTime, rows, timeSeries } from '../../queries.ts';
import { rolledCalls } from '../../rolled.ts';
import { latestCalls, OF_LATEST } from '../../scope.ts';
import { EACH_OUTCOME, NO_CALLS, NO_METRICS } from './terms.ts';

export const outcomes = {
  id: 10,
  title: 'Outcomes',
  panels: [
    lines({
      id: 11,
      title: 'Outcomes',
      description: 'Calls that began in each interval, by how they ended.',
      unit: 'short',
      width: 12,
      empty: NO_CALLS,
      stacked: true,
      interval: '5m',
      queries: [
        timeSeries(
          `SELECT $__timeGroupAlias(r.at, $__interval), o.outcome AS metric, sum(o.calls)::double precision AS calls\n${rolledCalls('over time')}\n${EACH_OUTCOME}\nGROUP BY 1, 2\nORDER BY 1, 2`,
        ),
      ],
    }),
    pie({
      id: 12,
      title: 'Share of outcomes',
      description: 'Calls by how they ended.',
      unit: 'short',
      width: 6,
      empty: NO_CALLS,
      slices: 'rows',
      queries: [
        rows(
          `SELECT o.outcome, sum(o.calls)::double precision AS calls\n${rolledCalls()}\n${EACH_OUTCOME}\nGROUP BY 1\nORDER BY 2 DESC`,
        ),
      ],
    }),
    table({
      id: 13,
      title: 'What decided the outcome',
      description: `Strongest first: explicit, sip, amd, end_reason, analysis, keywords; with the mean confidence, from 0 to 1. ${OF_LATEST.calls}`,
      unit: 'short',
      width: 6,
      empty: 'No call has a known outcome',
      columns: [
        { name: 'outcome_source', title: 'Decided by', unit: 'string' },
        { name: 'calls', title: 'Calls', bar: true },
        { name: 'confidence', title: 'Confidence', unit: 'percentunit' },
      ],
      queries: [
        rows(
          `SELECT ${m.outcome_source}, count(*) AS calls, avg(${m.outcome_confidence}) AS confidence\n${latestCalls(`${m.outcome_source} IS NOT NULL`)}\nGROUP BY 1\nORDER BY 2 DESC`,
        ),
      ],
    }),
    lines({
      id: 14,
      title: 'Live: finished calls',
      description:
        'Calls finalized per minute, by outcome; without a name where it is unknown. Not narrowed by the variables.',
      unit: 'suffix: calls/min',
      width: 12,
      empty: NO_METRICS,
      stacked: true,
      queries: [
        overTime(
          `sum by (${LABEL.outcome}) (rate(${counter(METRICS.calls)}[$__rate_interval])) * 60`,
          `{{${LABEL.outcome}}}`,
        ),
      ],
    }),
    table({
      id: 15,
      title: 'End reasons',
      description: `How the calls stopped, as the framework or the transport says it. ${OF_LATEST.calls}`,
      unit: 'short',
      width: 12,
      empty: NO_CALLS,
      columns: [
        { name: 'end_reason', title: 'Reason', unit: 'string' },
        { name: 'calls', title: 'Calls', bar: true },
        { name: 'mean_seconds', title: 'Mean duration', unit: 's', decimals: 0 },
        { name: 'mean_turns', title: 'Mean turns', decimals: 1 },
      ],
      queries: [
        rows(
          `SELECT coalesce(${m.end_reason}, '(none)') AS end_reason, count(*) AS calls, avg(${m.duration_seconds}) AS mean_seconds, avg(${m.turn_count})::double precision AS mean_turns\n${latestCalls()}\nGROUP BY 1\nORDER BY 2 DESC`,
        ),
      ],
    }),
  ],
};
