import { l, m } from '../../columns.ts';
import { TO_CALL } from '../../links.ts';
import { bars, lines, table } from '../../panels.ts';
import { rows, timeSeries } from '../../queries.ts';
import { ROLLED_WORDS_OVER_TIME } from '../../rolled.ts';
import { CALLS, latestCalls, latestTurns, OF_LATEST } from '../../scope.ts';
import { NO_CALLS } from './terms.ts';

/** Of turns with an answer, in calls that were conversations and whose end is known. */
const CONVERSATIONS = latestTurns(`${m.outcome} IN ('SUCCESS', 'FAIL')`);
const LAST_OF_FAILED = `(${m.outcome} = 'FAIL' AND ${l.turn_index} = (SELECT max(n.turn_index) FROM earshot.call_logs n WHERE n.tenant = ${l.tenant} AND n.call_id = ${l.call_id}))`;
const SILENCES = [
  ['0 to 0.5 s', 0, 0.5],
  ['0.5 to 0.8 s', 0.5, 0.8],
  ['0.8 to 1.2 s', 0.8, 1.2],
  ['1.2 to 2 s', 1.2, 2],
  ['2 s and more', 2, 86_400],
] as const;

export const sentiment = {
  id: 30,
  title: 'Patience and mood',
  panels: [
    bars({
      id: 31,
      title: 'Abandonment by silence',
      description:
        'Of the turns with an EOU latency in each range: the share after which the call ended as FAIL. Only calls that ended as SUCCESS or FAIL. Callers who wait long should hang up no more often. ' +
        OF_LATEST.turns,
      unit: 'percentunit',
      width: 12,
      empty: 'No call with a known outcome has answered turns',
      x: 'silence',
      queries: [
        rows(
          `SELECT b.silence, avg(t.abandoned::int)::double precision AS abandoned\nFROM (VALUES ${SILENCES.map(([name, from, to]) => `('${name}', ${from}, ${to})`).join(', ')}) AS b (silence, least_seconds, most_seconds)\nJOIN (\n  SELECT ${l.eou_latency}, ${LAST_OF_FAILED} AS abandoned\n  ${CONVERSATIONS.replaceAll('\n', '\n  ')}\n  WHERE ${l.eou_latency} IS NOT NULL\n) AS t ON t.eou_latency >= b.least_seconds AND t.eou_latency < b.most_seconds\nGROUP BY b.silence, b.least_seconds\nORDER BY b.least_seconds`,
        ),
      ],
    }),
    table({
      id: 32,
      title: 'Outcome and silence',
      description: `Do calls with long silences end otherwise? Means over the calls of each outcome. ${OF_LATEST.calls}`,
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
          `SELECT coalesce(${m.outcome}, 'unknown') AS outcome, count(*) AS calls, avg(${m.eou_latency_p50}) AS eou_latency, avg(${m.eou_latency_max}) AS eou_latency_max, avg(${m.interruption_rate}) AS interruption_rate, avg(${m.sentiment_avg}) AS sentiment\n${latestCalls()}\nGROUP BY 1\nORDER BY 2 DESC`,
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
          `SELECT $__timeGroupAlias(w.at, $__interval), w.name AS metric, sum(w.count)::double precision AS calls\n${ROLLED_WORDS_OVER_TIME}\nWHERE w.kind = 'sentiment'\nGROUP BY 1, 2\nORDER BY 1, 2`,
        ),
      ],
    }),
    bars({
      id: 34,
      title: 'Sentiment by turn number',
      description: `Mean sentiment of the turns, from -1 to 1, the first 50: does the mood fall as calls go on? ${OF_LATEST.turns}`,
      unit: 'none',
      decimals: 2,
      width: 12,
      empty: 'No turn has a sentiment',
      x: 'turn',
      queries: [
        rows(
          `SELECT ${l.turn_index}::text AS turn, avg(${l.sentiment_score}) AS sentiment\n${latestTurns()}\nWHERE ${l.sentiment_score} IS NOT NULL AND ${l.turn_index} < 50\nGROUP BY ${l.turn_index}\nORDER BY ${l.turn_index}`,
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
