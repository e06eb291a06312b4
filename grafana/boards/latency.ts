import { METRICS } from '../../model/semconv.ts';
import { EOU_SOURCES, PLAYBACK_SOURCES, SEGMENTS } from '../../model/vocabulary.ts';
import { board } from '../board.ts';
import { l, m } from '../columns.ts';
import { TO_CALL, TO_TRACE, UID } from '../links.ts';
import { buckets, LABEL, RESPONSE_SPANS, SPAN_METRICS } from '../names.ts';
import { bars, heatmap, lines, pie, stat, table } from '../panels.ts';
import { heat, overTime, rows, timeSeries } from '../queries.ts';
import { CALLS, COMPONENTS_OF_TURNS, percentile, TARGET, TURNS, turnsWith } from '../scope.ts';
import { JAEGER_URL, SCOPE, SOURCES, TARGET_VARIABLE } from '../variables.ts';

const NO_TURNS = 'No answered turns in this time range';
const NO_METRICS = 'No live metrics: does Prometheus scrape the collector?';

/** Seconds of silence: unnoticed, noticed, late. */
const SILENCE_LIMITS = [
  [0, 'green'],
  [0.8, 'orange'],
  [1.2, 'red'],
] as const;

const ANSWERED = `${TURNS}\n  AND ${l.eou_latency} IS NOT NULL`;
const eou = (fraction: number) => percentile(fraction, l.eou_latency);

const live = (fraction: number, by: string, spans: string) =>
  `histogram_quantile(${fraction}, sum by (${['le', by].filter(Boolean).join(', ')}) (rate(${SPAN_METRICS.durationBuckets}{${spans}, ${LABEL.service}=~"$service"}[$__rate_interval])))`;
const STAGE_SPANS = `${LABEL.stage}=~"stt|llm|tts|tool"`;

const segmentColumns = SEGMENTS.map((segment) => l[`segment_${segment}`]);
const segmentRows = SEGMENTS.map((segment) => `('${segment}', ${l[`segment_${segment}`]})`).join(', ');

const glance = {
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

const liveSection = {
  id: 10,
  title: 'Live: as the collector sees the spans',
  panels: [
    lines({
      id: 11,
      title: 'EOU latency',
      description:
        'Percentiles of the response spans, estimated within histogram buckets. The points are single turns: each opens its trace in Jaeger. Not narrowed by agent, campaign, provider or model.',
      unit: 's',
      width: 12,
      empty: NO_METRICS,
      limits: SILENCE_LIMITS,
      limitLines: true,
      queries: [
        overTime(live(0.5, '', RESPONSE_SPANS), 'p50'),
        overTime(live(0.95, '', RESPONSE_SPANS), 'p95', { exemplars: true }),
        overTime(live(0.99, '', RESPONSE_SPANS), 'p99'),
      ],
    }),
    heatmap({
      id: 12,
      title: 'EOU latency, all turns',
      description:
        'How many turns fell into each range of EOU latency. The points are single turns: each opens its trace in Jaeger.',
      unit: 's',
      width: 12,
      empty: NO_METRICS,
      queries: [
        heat(
          `sum by (le) (increase(${SPAN_METRICS.durationBuckets}{${RESPONSE_SPANS}, ${LABEL.service}=~"$service"}[$__rate_interval]))`,
        ),
      ],
    }),
    lines({
      id: 13,
      title: 'Turns under target',
      description:
        'Share of the response spans that were at most as long as the target, which is a limit of the histogram: the share is exact.',
      unit: 'percentunit',
      width: 8,
      empty: NO_METRICS,
      max: 1,
      limits: [
        [0, 'red'],
        [0.9, 'orange'],
        [0.95, 'green'],
      ],
      limitLines: true,
      queries: [
        overTime(
          `sum(rate(${SPAN_METRICS.durationBuckets}{${RESPONSE_SPANS}, ${LABEL.service}=~"$service", le=~"$target(\\\\.0)?"}[$__rate_interval])) / sum(rate(${SPAN_METRICS.durationCount}{${RESPONSE_SPANS}, ${LABEL.service}=~"$service"}[$__rate_interval]))`,
          'under target',
        ),
      ],
    }),
    lines({
      id: 14,
      title: 'Stages, p95 duration',
      description:
        'Length of the stage spans, start to end. A stage that was cut off by the user counts, too.',
      unit: 's',
      width: 8,
      empty: NO_METRICS,
      queries: [overTime(live(0.95, LABEL.stage, STAGE_SPANS), `{{${LABEL.stage}}}`, { exemplars: true })],
    }),
    lines({
      id: 15,
      title: 'Stages, p95 time to first byte',
      description:
        'Stage start to first transcript, token or audio byte. Measured when calls are finalized; not narrowed by service, agent or campaign.',
      unit: 's',
      width: 8,
      empty: 'No live metrics: does Prometheus scrape the processes that finalize calls?',
      queries: [
        overTime(
          `histogram_quantile(0.95, sum by (le, ${LABEL.stage}) (rate(${buckets(METRICS.ttfb)}{${LABEL.provider}=~"$provider", ${LABEL.model}=~"$model"}[$__rate_interval])))`,
          `{{${LABEL.stage}}}`,
        ),
      ],
    }),
    lines({
      id: 16,
      title: 'Providers and models, p95 duration',
      description: 'Length of the stage spans by who ran them.',
      unit: 's',
      width: 16,
      empty: NO_METRICS,
      queries: [
        overTime(
          live(
            0.95,
            `${LABEL.stage}, ${LABEL.provider}, ${LABEL.model}`,
            `${STAGE_SPANS}, ${LABEL.provider}=~"$provider", ${LABEL.model}=~"$model"`,
          ),
          `{{${LABEL.stage}}} {{${LABEL.provider}}} {{${LABEL.model}}}`,
          { exemplars: true },
        ),
      ],
    }),
    lines({
      id: 17,
      title: 'Failed spans',
      description: 'Share of the stage spans that ended with an error.',
      unit: 'percentunit',
      width: 8,
      empty: NO_METRICS,
      limits: [
        [0, 'green'],
        [0.05, 'red'],
      ],
      limitLines: true,
      queries: [
        overTime(
          `sum by (${LABEL.stage}) (rate(${SPAN_METRICS.calls}{${STAGE_SPANS}, ${LABEL.service}=~"$service", ${LABEL.statusCode}="STATUS_CODE_ERROR"}[$__rate_interval])) / sum by (${LABEL.stage}) (rate(${SPAN_METRICS.calls}{${STAGE_SPANS}, ${LABEL.service}=~"$service"}[$__rate_interval]))`,
          `{{${LABEL.stage}}}`,
        ),
      ],
    }),
  ],
};

const exact = {
  id: 20,
  title: 'Exact: from the rows of finished calls',
  panels: [
    lines({
      id: 21,
      title: 'EOU latency',
      description: 'Percentiles over all turns of each interval.',
      unit: 's',
      width: 12,
      empty: NO_TURNS,
      limits: SILENCE_LIMITS,
      limitLines: true,
      interval: '1m',
      queries: [
        timeSeries(
          `SELECT $__timeGroupAlias(${l.created_at}, $__interval),\n  ${eou(0.5)} AS p50,\n  ${eou(0.95)} AS p95,\n  ${eou(0.99)} AS p99\n${ANSWERED}\nGROUP BY 1\nORDER BY 1`,
        ),
      ],
    }),
    table({
      id: 22,
      title: 'Providers and models',
      description:
        'First byte: stage start to first transcript, token or audio byte. Duration: end of utterance to final transcript; request to end of the answer; first text to last audio byte.',
      unit: 's',
      decimals: 3,
      width: 12,
      empty: NO_TURNS,
      columns: [
        { name: 'component', title: 'Stage', unit: 'string' },
        { name: 'provider', title: 'Provider', unit: 'string' },
        { name: 'model', title: 'Model', unit: 'string' },
        { name: 'turns', title: 'Turns', unit: 'short', decimals: 0 },
        { name: 'ttfb_p50', title: 'First byte p50' },
        { name: 'ttfb_p95', title: 'First byte p95', bar: true },
        { name: 'ttfb_p99', title: 'First byte p99' },
        { name: 'latency_p95', title: 'Duration p95' },
      ],
      queries: [
        rows(
          `SELECT c.component, c.provider, c.model, count(*) AS turns,\n  ${percentile(0.5, 'c.ttfb')} AS ttfb_p50,\n  ${percentile(0.95, 'c.ttfb')} AS ttfb_p95,\n  ${percentile(0.99, 'c.ttfb')} AS ttfb_p99,\n  ${percentile(0.95, 'c.latency')} AS latency_p95\n${COMPONENTS_OF_TURNS}\nGROUP BY 1, 2, 3\nORDER BY ttfb_p95 DESC NULLS LAST`,
        ),
      ],
    }),
    bars({
      id: 23,
      title: 'What the silence is made of',
      description:
        'Mean length of each segment, of the turns within the target and of those over it. The segments of a turn add up to its EOU latency.',
      unit: 's',
      decimals: 2,
      width: 12,
      empty: NO_TURNS,
      x: 'turns',
      stacked: true,
      horizontal: true,
      queries: [
        rows(
          `SELECT CASE WHEN ${l.eou_latency} > ${TARGET} THEN 'over target' ELSE 'within target' END AS turns,\n${SEGMENTS.map(
            (segment) => `  avg(coalesce(${l[`segment_${segment}`]}, 0)) AS ${segment}`,
          ).join(
            ',\n',
          )}\n${ANSWERED}\n  AND num_nonnulls(${segmentColumns.join(', ')}) > 0\nGROUP BY 1\nORDER BY 1 DESC`,
        ),
      ],
    }),
    pie({
      id: 24,
      title: 'Longest segment of the slow turns',
      description: 'Turns over the target, by the segment that took the most of their time.',
      unit: 'short',
      width: 12,
      empty: 'No turn over the target',
      slices: 'rows',
      queries: [
        rows(
          `SELECT g.segment, count(*) AS turns\n${turnsWith(
            `CROSS JOIN LATERAL (\n  SELECT v.segment FROM (VALUES ${segmentRows}) AS v (segment, seconds)\n  WHERE v.seconds IS NOT NULL ORDER BY v.seconds DESC LIMIT 1\n) AS g`,
          )}\n  AND ${l.eou_latency} > ${TARGET}\nGROUP BY 1\nORDER BY 2 DESC`,
        ),
      ],
    }),
    bars({
      id: 25,
      title: 'By turn number',
      description:
        'EOU latency by the place of the turn in its call, the first 50: a prompt that grows makes late turns slower.',
      unit: 's',
      width: 12,
      empty: NO_TURNS,
      x: 'turn',
      queries: [
        rows(
          `SELECT ${l.turn_index}::text AS turn, ${eou(0.5)} AS p50, ${eou(0.95)} AS p95\n${ANSWERED}\n  AND ${l.turn_index} < 50\nGROUP BY ${l.turn_index}\nORDER BY ${l.turn_index}`,
        ),
      ],
    }),
    table({
      id: 26,
      title: 'How the figures are known',
      description: `Where the end of the utterance and the start of the playback come from, best first: ${EOU_SOURCES.join(', ')}; ${PLAYBACK_SOURCES.join(', ')}.`,
      unit: 's',
      width: 12,
      empty: NO_TURNS,
      columns: [
        { name: 'eou_source', title: 'End of utterance', unit: 'string' },
        { name: 'playback_source', title: 'Playback', unit: 'string' },
        { name: 'turns', title: 'Turns', unit: 'short' },
        { name: 'p50', title: 'EOU latency p50', decimals: 3 },
        { name: 'p95', title: 'EOU latency p95', decimals: 3, bar: true },
      ],
      queries: [
        rows(
          `SELECT ${l.eou_source}, ${l.playback_source}, count(*) AS turns, ${eou(0.5)} AS p50, ${eou(0.95)} AS p95\n${ANSWERED}\nGROUP BY 1, 2\nORDER BY 3 DESC`,
        ),
      ],
    }),
  ],
};

const slowest = {
  id: 30,
  title: 'Slowest',
  panels: [
    table({
      id: 31,
      title: 'Slowest turns',
      description: 'The 50 turns with the longest silence, with its segments and the trace of the turn.',
      unit: 's',
      decimals: 3,
      width: 24,
      height: 10,
      empty: NO_TURNS,
      columns: [
        { name: 'time', title: 'Began', unit: 'dateTimeAsIso', width: 180 },
        { name: 'call_id', title: 'Call', unit: 'string', links: [TO_CALL] },
        { name: 'turn_index', title: 'Turn', unit: 'none', decimals: 0, width: 70 },
        { name: 'eou_latency', title: 'EOU latency', bar: true },
        ...SEGMENTS.map((name) => ({ name, width: 110 })),
        { name: 'llm_model', title: 'LLM', unit: 'string' },
        { name: 'error_type', title: 'Error', unit: 'string' },
        { name: 'trace_id', title: 'Trace', unit: 'string', links: TO_TRACE },
      ],
      queries: [
        rows(
          `SELECT ${l.created_at} AS time, ${l.call_id}, ${l.turn_index}, ${l.eou_latency},\n${SEGMENTS.map(
            (segment) => `  ${l[`segment_${segment}`]} AS ${segment}`,
          ).join(
            ',\n',
          )},\n  ${l.llm_model}, ${l.error_type}, ${l.trace_id}\n${ANSWERED}\nORDER BY ${l.eou_latency} DESC\nLIMIT 50`,
        ),
      ],
    }),
    table({
      id: 32,
      title: 'Slowest calls',
      description: 'The 50 calls with the highest p95 of EOU latency over their turns.',
      unit: 's',
      decimals: 3,
      width: 24,
      height: 10,
      empty: NO_TURNS,
      columns: [
        { name: 'time', title: 'Began', unit: 'dateTimeAsIso', width: 180 },
        { name: 'call_id', title: 'Call', unit: 'string', links: [TO_CALL] },
        { name: 'agent_name', title: 'Agent', unit: 'string' },
        { name: 'turn_count', title: 'Turns', unit: 'none', decimals: 0, width: 70 },
        { name: 'eou_latency_p95', title: 'EOU latency p95', bar: true },
        { name: 'eou_latency_p50', title: 'p50' },
        { name: 'eou_latency_max', title: 'Longest' },
        { name: 'ttfb_llm_p95', title: 'LLM first byte p95' },
        { name: 'ttfb_tts_p95', title: 'TTS first byte p95' },
        { name: 'interruption_count', title: 'Interruptions', unit: 'none', decimals: 0 },
        { name: 'outcome', title: 'Outcome', unit: 'string' },
      ],
      queries: [
        rows(
          `SELECT ${m.started_at} AS time, ${m.call_id}, ${m.agent_name}, ${m.turn_count}, ${m.eou_latency_p95}, ${m.eou_latency_p50}, ${m.eou_latency_max}, ${m.ttfb_llm_p95}, ${m.ttfb_tts_p95}, ${m.interruption_count}, ${m.outcome}\n${CALLS}\n  AND ${m.eou_latency_p95} IS NOT NULL\nORDER BY ${m.eou_latency_p95} DESC\nLIMIT 50`,
        ),
      ],
    }),
  ],
};

/** Why was it slow, and where. */
export const LATENCY = board({
  uid: UID.latency,
  title: 'Voice agents / Latency',
  description:
    'How long callers wait for an answer: EOU latency, from the end of their utterance to the first agent audio, and what it is made of.',
  variables: [SOURCES.prometheus, SOURCES.postgres, SOURCES.jaeger, ...SCOPE, TARGET_VARIABLE, JAEGER_URL],
  sections: [glance, liveSection, exact, slowest],
});
