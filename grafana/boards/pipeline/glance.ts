import { METRICS } from '../../../model/semconv.ts';
import { q } from '../../columns.ts';
import { counter } from '../../names.ts';
import { stat } from '../../panels.ts';
import { atTheEnd, rows } from '../../queries.ts';
import { percentile } from '../../scope.ts';
import { LAG_LIMITS, lag, NO_CALLS, NO_METRICS, ofCalls } from './terms.ts';

export const glance = {
  id: 1,
  title: 'Is anything lost or late?',
  panels: [
    stat({
      id: 2,
      title: 'Spans dropped',
      description: 'Spans lost in the time range, for whatever reason. Nothing should ever be lost.',
      unit: 'short',
      decimals: 0,
      width: 4,
      empty: NO_METRICS,
      limits: [
        [0, 'green'],
        [1, 'red'],
      ],
      // A counter begins with its first drop: until then there are none, as long as there are metrics at all.
      queries: [
        atTheEnd(
          `sum(increase(${counter(METRICS.spansDropped)}[$__range])) or sum(increase(${counter(METRICS.spansAccepted)}[$__range])) * 0`,
        ),
      ],
    }),
    stat({
      id: 3,
      title: 'Calls waiting',
      description: 'Calls in the queue, those that are going on included.',
      unit: 'short',
      width: 4,
      empty: 'None waiting',
      queries: [
        rows(`SELECT count(*) AS waiting\nFROM earshot.call_queue q\nWHERE ${q.due_at} < 'infinity'`),
      ],
    }),
    stat({
      id: 4,
      title: 'Oldest overdue call',
      description:
        'How long ago the call that is due longest should have been finalized. Above a minute: workers are missing or stuck.',
      unit: 's',
      decimals: 0,
      width: 4,
      empty: 'None overdue',
      limits: LAG_LIMITS,
      queries: [
        rows(
          `SELECT coalesce(greatest(extract(epoch FROM now() - min(${q.due_at}) FILTER (WHERE ${q.due_at} < 'infinity')), 0), 0)::double precision AS overdue\nFROM earshot.call_queue q`,
        ),
      ],
    }),
    stat({
      id: 5,
      title: 'Given up',
      description: 'Calls that failed too often and rest until a new span of theirs arrives.',
      unit: 'short',
      width: 4,
      empty: 'None given up',
      limits: [
        [0, 'green'],
        [1, 'red'],
      ],
      queries: [
        rows(`SELECT count(*) AS given_up\nFROM earshot.call_queue q\nWHERE ${q.due_at} = 'infinity'`),
      ],
    }),
    stat({
      id: 6,
      title: 'Call end to rows, p95',
      description:
        'From hang-up to the last computation of the rows. A late span or a new price list computes them again, which shows here.',
      unit: 's',
      decimals: 1,
      width: 4,
      empty: NO_CALLS,
      limits: LAG_LIMITS,
      queries: [rows(`SELECT ${percentile(0.95, lag)} AS lag_p95\n${ofCalls}`)],
    }),
    stat({
      id: 7,
      title: 'Calls finalized',
      description: 'Calls of the time range that have rows.',
      unit: 'short',
      width: 4,
      empty: NO_CALLS,
      queries: [rows(`SELECT nullif(count(*), 0) AS calls\n${ofCalls}`)],
    }),
  ],
};
