import { METRICS } from '../../../model/semconv.ts';
import { m, s } from '../../columns.ts';
import { counter, gauge, LABEL } from '../../names.ts';
import { lines } from '../../panels.ts';
import { overTime, timeSeries } from '../../queries.ts';
import { percentile } from '../../scope.ts';
import { BAD, delivery, LAG_LIMITS, lag, NO_CALLS, NO_METRICS, ofCalls, rate } from './terms.ts';

export const flow = {
  id: 10,
  title: 'Spans in, rows out',
  panels: [
    lines({
      id: 11,
      title: 'Spans',
      description:
        'Voice spans taken in and committed to the journal, per second. The two should be one line.',
      unit: 'suffix: spans/s',
      width: 12,
      empty: NO_METRICS,
      queries: [
        overTime(`sum(${rate(counter(METRICS.spansAccepted))})`, 'accepted'),
        overTime(`sum(${rate(counter(METRICS.spansWritten))})`, 'written'),
      ],
    }),
    lines({
      id: 12,
      title: 'Drops, by reason',
      description: 'Spans lost, per second. Any is too many.',
      unit: 'suffix: spans/s',
      width: 12,
      empty: 'No drops are known',
      limits: BAD,
      queries: [
        overTime(
          `sum by (${LABEL.dropReason}) (${rate(counter(METRICS.spansDropped))})`,
          `{{${LABEL.dropReason}}}`,
        ),
      ],
    }),
    lines({
      id: 13,
      title: 'Calls finalized',
      description: 'How often calls were turned into rows, per minute. A late span finalizes its call again.',
      unit: 'suffix: calls/min',
      width: 8,
      empty: NO_METRICS,
      queries: [overTime(`sum(${rate(counter(METRICS.callsFinalized))}) * 60`, 'finalized')],
    }),
    lines({
      id: 14,
      title: 'Queue',
      description: 'Calls that wait to be finalized, those that are going on included.',
      unit: 'short',
      width: 8,
      empty: NO_METRICS,
      // Every process sees the same queue.
      queries: [overTime(`max(${gauge(METRICS.queueDepth)})`, 'waiting')],
    }),
    lines({
      id: 15,
      title: 'Oldest due call',
      description:
        'How long the call that is due longest has been waiting. Above a minute: workers are missing or stuck.',
      unit: 's',
      width: 8,
      empty: NO_METRICS,
      queries: [overTime(`max(${gauge(METRICS.queueOldestAge)})`, 'oldest')],
    }),
    lines({
      id: 16,
      title: 'Call end to rows',
      description:
        'From hang-up to the last computation of the rows, of the calls that began in each interval.',
      unit: 's',
      width: 8,
      empty: NO_CALLS,
      limits: LAG_LIMITS,
      interval: '1m',
      queries: [
        timeSeries(
          `SELECT $__timeGroupAlias(${m.started_at}, $__interval),\n  ${percentile(0.5, lag)} AS p50,\n  ${percentile(0.95, lag)} AS p95\n${ofCalls}\nGROUP BY 1\nORDER BY 1`,
        ),
      ],
    }),
    lines({
      id: 17,
      title: 'Span end to journal',
      description:
        'From the end of a span to its place in the journal, of the spans that ended in each interval.',
      unit: 's',
      width: 8,
      empty: 'No spans in this time range',
      limits: LAG_LIMITS,
      interval: '1m',
      queries: [
        timeSeries(
          `SELECT $__timeGroupAlias(${s.ended_at}, $__interval),\n  ${percentile(0.5, delivery)} AS p50,\n  ${percentile(0.99, delivery)} AS p99\nFROM earshot.call_spans s\nWHERE $__timeFilter(${s.ended_at})\nGROUP BY 1\nORDER BY 1`,
        ),
      ],
    }),
    lines({
      id: 18,
      title: 'Spool',
      description:
        'Spans that agents put on disk because the database was away, and those brought back from there, per second.',
      unit: 'suffix: spans/s',
      width: 8,
      empty: 'No spool in use is known',
      queries: [
        overTime(`sum(${rate(counter(METRICS.spansSpooled))})`, 'to disk'),
        overTime(`sum(${rate(counter(METRICS.spansReplayed))})`, 'from disk'),
      ],
    }),
  ],
};
