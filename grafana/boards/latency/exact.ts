import { EOU_SOURCES, PLAYBACK_SOURCES, SEGMENTS } from '../../../model/vocabulary.ts';
import { l } from '../../columns.ts';
import { bars, lines, pie, table } from '../../panels.ts';
import { rows, timeSeries } from '../../queries.ts';
import { COMPONENTS_OF_TURNS, percentile, TARGET, turnsWith } from '../../scope.ts';
import { ANSWERED, eou, NO_TURNS, SILENCE_LIMITS, segmentColumns, segmentRows } from './terms.ts';

export const exact = {
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
