import { METRICS } from '../../model/semconv.ts';
import { INTERRUPTION_KINDS } from '../../model/vocabulary.ts';
import { board } from '../board.ts';
import { l, m } from '../columns.ts';
import { TO_CALL, UID } from '../links.ts';
import { counter, LABEL } from '../names.ts';
import { bars, lines, pie, stat, table } from '../panels.ts';
import { overTime, rows, timeSeries } from '../queries.ts';
import { CALLS, INTERRUPTIONS_OF_CALLS, percentile, TURNS } from '../scope.ts';
import { JAEGER_URL, SCOPE, SOURCES } from '../variables.ts';

const NO_CALLS = 'No calls in this time range';
const NO_TURNS = 'No turns in this time range';
const NO_BARGE_INS = 'No barge-in whose end is known';
const NO_METRICS = 'No live metrics: does Prometheus scrape the processes that finalize calls?';

const interruptionRate = `sum(${m.interruption_count})::double precision / nullif(sum(${m.turn_count}), 0)`;
const STOP = 'i."timeToSilenceSeconds"';
const BARGE_INS = `${INTERRUPTIONS_OF_CALLS}\n  AND i.kind = 'barge_in' AND ${STOP} IS NOT NULL`;

/** How long people talk on when the agent does not stop. */
const STOP_LIMITS = [
  [0, 'green'],
  [0.5, 'orange'],
  [1, 'red'],
] as const;

const glance = {
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
      queries: [rows(`SELECT nullif(count(*), 0) AS calls\n${CALLS}`)],
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
          `SELECT avg((${m.outcome} = 'SUCCESS')::int)::double precision AS success\n${CALLS}\n  AND ${m.outcome} IS NOT NULL`,
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
      queries: [rows(`SELECT avg((${m.outcome} IS NULL)::int)::double precision AS unknown\n${CALLS}`)],
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
      queries: [rows(`SELECT ${interruptionRate} AS interruption_rate\n${CALLS}`)],
    }),
    stat({
      id: 6,
      title: 'Barge-in to silence, p95',
      description:
        'How long the agent talks on after it has been cut off. From the journal: as long as spans are kept.',
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
      queries: [rows(`SELECT avg(${m.sentiment_avg}) AS sentiment\n${CALLS}`)],
    }),
  ],
};

const outcomes = {
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
          `SELECT $__timeGroupAlias(${m.started_at}, $__interval), coalesce(${m.outcome}, 'unknown') AS metric, count(*) AS calls\n${CALLS}\nGROUP BY 1, 2\nORDER BY 1, 2`,
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
          `SELECT coalesce(${m.outcome}, 'unknown') AS outcome, count(*) AS calls\n${CALLS}\nGROUP BY 1\nORDER BY 2 DESC`,
        ),
      ],
    }),
    table({
      id: 13,
      title: 'What decided the outcome',
      description:
        'Strongest first: explicit, sip, amd, end_reason, keywords; with the mean confidence, from 0 to 1.',
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
          `SELECT ${m.outcome_source}, count(*) AS calls, avg(${m.outcome_confidence}) AS confidence\n${CALLS}\n  AND ${m.outcome_source} IS NOT NULL\nGROUP BY 1\nORDER BY 2 DESC`,
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
      description: 'How the calls stopped, as the framework or the transport says it.',
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
          `SELECT coalesce(${m.end_reason}, '(none)') AS end_reason, count(*) AS calls, avg(${m.duration_seconds}) AS mean_seconds, avg(${m.turn_count})::double precision AS mean_turns\n${CALLS}\nGROUP BY 1\nORDER BY 2 DESC`,
        ),
      ],
    }),
  ],
};

const interruptions = {
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
          `SELECT $__timeGroupAlias(${m.started_at}, $__interval),\n  ${interruptionRate} AS barge_in,\n  sum(${m.false_interruption_count})::double precision / nullif(sum(${m.turn_count}), 0) AS false_interruption\n${CALLS}\nGROUP BY 1\nORDER BY 1`,
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
          `SELECT ${l.interruption_kind}, count(*) AS turns\n${TURNS}\n  AND ${l.interruption_kind} IS NOT NULL\nGROUP BY 1\nORDER BY 2 DESC`,
        ),
      ],
    }),
    lines({
      id: 23,
      title: 'Barge-in to silence',
      description:
        'How long the agent talks on after it has been cut off. From the journal: as long as spans are kept.',
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
      description:
        'How many barge-ins silenced the agent within each tenth of a second; two seconds and more together.',
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

/** Of turns with an answer, in calls that were conversations and whose end is known. */
const CONVERSATIONS = `${TURNS}\n    AND ${l.eou_latency} IS NOT NULL AND ${m.outcome} IN ('SUCCESS', 'FAIL')`;
const LAST_OF_FAILED = `(${m.outcome} = 'FAIL' AND ${l.turn_index} = (SELECT max(n.turn_index) FROM earshot.call_logs n WHERE n.call_id = ${l.call_id}))`;
const SILENCES = [
  ['0 to 0.5 s', 0, 0.5],
  ['0.5 to 0.8 s', 0.5, 0.8],
  ['0.8 to 1.2 s', 0.8, 1.2],
  ['1.2 to 2 s', 1.2, 2],
  ['2 s and more', 2, 86_400],
] as const;

const sentiment = {
  id: 30,
  title: 'Patience and mood',
  panels: [
    bars({
      id: 31,
      title: 'Abandonment by silence',
      description:
        'Of the turns with an EOU latency in each range: the share after which the call ended as FAIL. Only calls that ended as SUCCESS or FAIL. Callers who wait long should hang up no more often.',
      unit: 'percentunit',
      width: 12,
      empty: 'No call with a known outcome has answered turns',
      x: 'silence',
      queries: [
        rows(
          `SELECT b.silence, avg(t.abandoned::int)::double precision AS abandoned\nFROM (VALUES ${SILENCES.map(([name, from, to]) => `('${name}', ${from}, ${to})`).join(', ')}) AS b (silence, least_seconds, most_seconds)\nJOIN (\n  SELECT ${l.eou_latency}, ${LAST_OF_FAILED} AS abandoned\n  ${CONVERSATIONS}\n) AS t ON t.eou_latency >= b.least_seconds AND t.eou_latency < b.most_seconds\nGROUP BY b.silence, b.least_seconds\nORDER BY b.least_seconds`,
        ),
      ],
    }),
    table({
      id: 32,
      title: 'Outcome and silence',
      description: 'Do calls with long silences end otherwise? Means over the calls of each outcome.',
      unit: 's',
      decimals: 2,
      width: 12,
      empty: NO_CALLS,
      columns: [
        { name: 'outcome', title: 'Outcome', unit: 'string' },
        { name: 'calls', title: 'Calls', unit: 'short', decimals: 0 },
        { name: 'eou_latency', title: 'EOU latency p50' },
        { name: 'eou_latency_max', title: 'Longest silence' },
        { name: 'interruption_rate', title: 'Interruption rate', unit: 'percentunit' },
        { name: 'sentiment', title: 'Sentiment', unit: 'none' },
      ],
      queries: [
        rows(
          `SELECT coalesce(${m.outcome}, 'unknown') AS outcome, count(*) AS calls, avg(${m.eou_latency_p50}) AS eou_latency, avg(${m.eou_latency_max}) AS eou_latency_max, avg(${m.interruption_rate}) AS interruption_rate, avg(${m.sentiment_avg}) AS sentiment\n${CALLS}\nGROUP BY 1\nORDER BY 2 DESC`,
        ),
      ],
    }),
    lines({
      id: 33,
      title: 'Calls by sentiment',
      description: "Calls that began in each interval, by the mood of the user's words.",
      unit: 'short',
      width: 12,
      empty: 'No call has a sentiment',
      stacked: true,
      interval: '5m',
      queries: [
        timeSeries(
          `SELECT $__timeGroupAlias(${m.started_at}, $__interval), ${m.sentiment_label} AS metric, count(*) AS calls\n${CALLS}\n  AND ${m.sentiment_label} IS NOT NULL\nGROUP BY 1, 2\nORDER BY 1, 2`,
        ),
      ],
    }),
    bars({
      id: 34,
      title: 'Sentiment by turn number',
      description:
        'Mean sentiment of the turns, from -1 to 1, the first 50: does the mood fall as calls go on?',
      unit: 'none',
      decimals: 2,
      width: 12,
      empty: 'No turn has a sentiment',
      x: 'turn',
      queries: [
        rows(
          `SELECT ${l.turn_index}::text AS turn, avg(${l.sentiment_score}) AS sentiment\n${TURNS}\n  AND ${l.sentiment_score} IS NOT NULL AND ${l.turn_index} < 50\nGROUP BY ${l.turn_index}\nORDER BY ${l.turn_index}`,
        ),
      ],
    }),
    table({
      id: 35,
      title: 'Calls that went badly',
      description: 'The last 50 calls that failed, or whose sentiment is negative.',
      unit: 'none',
      width: 24,
      height: 10,
      empty: 'No call went badly',
      columns: [
        { name: 'time', title: 'Began', unit: 'dateTimeAsIso', width: 180 },
        { name: 'call_id', title: 'Call', unit: 'string', links: [TO_CALL] },
        { name: 'agent_name', title: 'Agent', unit: 'string' },
        { name: 'campaign_id', title: 'Campaign', unit: 'string' },
        { name: 'outcome', title: 'Outcome', unit: 'string' },
        { name: 'end_reason', title: 'End reason', unit: 'string' },
        { name: 'duration_seconds', title: 'Duration', unit: 's', decimals: 0 },
        { name: 'turn_count', title: 'Turns', decimals: 0 },
        { name: 'interruption_count', title: 'Interruptions', decimals: 0 },
        { name: 'eou_latency_max', title: 'Longest silence', unit: 's', decimals: 2 },
        { name: 'sentiment_avg', title: 'Sentiment', decimals: 2 },
      ],
      queries: [
        rows(
          `SELECT ${m.started_at} AS time, ${m.call_id}, ${m.agent_name}, ${m.campaign_id}, ${m.outcome}, ${m.end_reason}, ${m.duration_seconds}, ${m.turn_count}, ${m.interruption_count}, ${m.eou_latency_max}, ${m.sentiment_avg}\n${CALLS}\n  AND (${m.outcome} = 'FAIL' OR ${m.sentiment_label} = 'negative')\nORDER BY ${m.started_at} DESC\nLIMIT 50`,
        ),
      ],
    }),
  ],
};

/** Did the calls go well. */
export const QUALITY = board({
  uid: UID.quality,
  title: 'Voice agents / Quality',
  description: 'How calls go: outcomes, interruptions, the patience and the mood of callers.',
  variables: [SOURCES.prometheus, SOURCES.postgres, ...SCOPE, JAEGER_URL],
  sections: [glance, outcomes, interruptions, sentiment],
});
