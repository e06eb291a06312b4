import { METRICS } from '../../model/semconv.ts';
import { board } from '../board.ts';
import { m, q, s } from '../columns.ts';
import { UID } from '../links.ts';
import { buckets, COLLECTOR, counter, gauge, LABEL, observations } from '../names.ts';
import { lines, stat, table } from '../panels.ts';
import { atTheEnd, overTime, rows, timeSeries } from '../queries.ts';
import { percentile } from '../scope.ts';
import { SOURCES } from '../variables.ts';

const NO_METRICS = 'No metrics: does Prometheus scrape `earshot serve`?';
const NO_COLLECTOR = "No metrics: does Prometheus scrape the collector's own page?";
const NO_CALLS = 'No calls in this time range';

const rate = (name: string) => `rate(${name}[$__rate_interval])`;
const BAD = [
  [0, 'green'],
  [0.000001, 'red'],
] as const;

/** Seconds from a call's end to its rows. Its delay is two seconds. */
const lag = `extract(epoch FROM ${m.finalized_at} - ${m.ended_at})::double precision`;
const delivery = `extract(epoch FROM ${s.recorded_at} - ${s.ended_at})::double precision`;
const ofCalls = `FROM earshot.call_metrics m\nWHERE $__timeFilter(${m.started_at})`;
const LAG_LIMITS = [
  [0, 'green'],
  [60, 'orange'],
  [600, 'red'],
] as const;

const glance = {
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

const flow = {
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

const requests = `${observations(METRICS.httpServerDuration)}`;

const receiver = {
  id: 20,
  title: 'Receiver and collector',
  panels: [
    lines({
      id: 21,
      title: 'Requests, by answer',
      description:
        'Requests to the receiver per second, by path and status. 503 asks the sender to try again; 4xx are refused for good.',
      unit: 'reqps',
      width: 8,
      empty: NO_METRICS,
      queries: [
        overTime(
          `sum by (${LABEL.httpRoute}, ${LABEL.httpStatus}) (${rate(requests)})`,
          `{{${LABEL.httpRoute}}} {{${LABEL.httpStatus}}}`,
        ),
      ],
    }),
    lines({
      id: 22,
      title: 'Time to answer',
      description: 'From the head of a request to its answer, which comes after the commit.',
      unit: 's',
      width: 8,
      empty: NO_METRICS,
      queries: ([0.5, 0.95, 0.99] as const).map((fraction) =>
        overTime(
          `histogram_quantile(${fraction}, sum by (le) (${rate(buckets(METRICS.httpServerDuration))}))`,
          `p${fraction * 100}`,
        ),
      ) as [ReturnType<typeof overTime>],
    }),
    lines({
      id: 23,
      title: 'Unanswered',
      description: 'Bytes of requests that are not answered yet. At the limit the receiver answers 503.',
      unit: 'bytes',
      width: 8,
      empty: NO_METRICS,
      queries: [overTime(`sum(${gauge(METRICS.receiverInFlight)})`, 'in flight')],
    }),
    lines({
      id: 24,
      title: 'Not understood',
      description:
        'Spans that are of no call, and attributes, events and texts that were left out or cut off for their number or size, per second.',
      unit: 'suffix: /s',
      width: 8,
      empty: NO_METRICS,
      queries: [
        overTime(`sum(${rate(counter(METRICS.spansIgnored))})`, 'spans of no call'),
        overTime(`sum(${rate(counter(METRICS.attributesLimited))})`, 'cut off'),
      ],
    }),
    lines({
      id: 25,
      title: "Collector's queues",
      description:
        'How full the queues of its exporters are. Full: what they send to is down, and data will be lost.',
      unit: 'percentunit',
      width: 8,
      empty: NO_COLLECTOR,
      max: 1,
      limits: [
        [0, 'green'],
        [0.5, 'orange'],
        [0.8, 'red'],
      ],
      limitLines: true,
      queries: [
        overTime(`max by (exporter) (${COLLECTOR.queueSize} / ${COLLECTOR.queueCapacity})`, '{{exporter}}'),
      ],
    }),
    lines({
      id: 26,
      title: "Collector's failures",
      description:
        'Spans that it refused or could not send, per second. What could not be sent is tried again.',
      unit: 'suffix: spans/s',
      width: 8,
      empty: NO_COLLECTOR,
      limits: BAD,
      queries: [
        overTime(`sum by (receiver) (${rate(COLLECTOR.refused)})`, 'refused by {{receiver}}'),
        overTime(`sum by (exporter) (${rate(COLLECTOR.sendFailed)})`, 'not sent by {{exporter}}'),
      ],
    }),
  ],
};

const details = {
  id: 30,
  title: 'Details',
  panels: [
    table({
      id: 31,
      title: 'Why calls cannot be finalized',
      description: 'Calls in the queue after a failure, by the class of the last one.',
      unit: 'short',
      width: 8,
      empty: 'No failures',
      columns: [
        { name: 'last_error', title: 'Error', unit: 'string' },
        { name: 'calls', title: 'Calls' },
        { name: 'attempts', title: 'Most attempts' },
        { name: 'oldest', title: 'Since', unit: 'dateTimeAsIso' },
      ],
      queries: [
        rows(
          `SELECT ${q.last_error}, count(*) AS calls, max(${q.attempts}) AS attempts, min(${q.queued_at}) AS oldest\nFROM earshot.call_queue q\nWHERE ${q.last_error} IS NOT NULL\nGROUP BY 1\nORDER BY 2 DESC`,
        ),
      ],
    }),
    table({
      id: 32,
      title: 'Workers',
      description: 'Who finalized the calls of the time range.',
      unit: 'short',
      width: 8,
      empty: NO_CALLS,
      columns: [
        { name: 'finalized_by', title: 'Worker', unit: 'string' },
        { name: 'calls', title: 'Calls', bar: true },
        { name: 'last', title: 'Last', unit: 'dateTimeAsIso' },
      ],
      queries: [
        rows(
          `SELECT ${m.finalized_by}, count(*) AS calls, max(${m.finalized_at}) AS last\n${ofCalls}\nGROUP BY 1\nORDER BY 2 DESC`,
        ),
      ],
    }),
    table({
      id: 33,
      title: 'Tables',
      description: 'Size of each table with its indexes, and its rows as the database estimates them.',
      unit: 'short',
      width: 8,
      empty: 'No tables: run `earshot migrate`',
      columns: [
        { name: 'name', title: 'Table', unit: 'string' },
        { name: 'rows', title: 'Rows, about' },
        { name: 'bytes', title: 'Size', unit: 'bytes', bar: true },
      ],
      queries: [
        rows(
          `SELECT t.relname AS name, t.n_live_tup AS rows, pg_total_relation_size(t.relid) AS bytes\nFROM pg_stat_user_tables t\nWHERE t.schemaname = 'earshot' AND t.relname LIKE 'call\\_%'\nORDER BY bytes DESC`,
        ),
      ],
    }),
  ],
};

/** Is data being lost. */
export const PIPELINE = board({
  uid: UID.pipeline,
  title: 'Voice agents / Pipeline',
  description: 'Whether every span becomes a row, and how fast.',
  variables: [SOURCES.prometheus, SOURCES.postgres],
  sections: [glance, flow, receiver, details],
});
