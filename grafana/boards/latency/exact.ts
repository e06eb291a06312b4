import { EOU_SOURCES, PLAYBACK_SOURCES, SEGMENTS } from '../../../model/vocabulary.ts';
import { l } from '../../columns.ts';
import { bars, lines, pie, table } from '../../panels.ts';
import { rows, timeSeries } from '../../queries.ts';
import { rolledBeyond, rolledBySilence, rolledHistograms, rolledPercentile } from '../../rolled.ts';
import { among, COMPONENTS, latestTurns, OF_LATEST, TARGET } from '../../scope.ts';
import { eou, NO_TURNS, OWNER, SILENCE_LIMITS, segmentRows } from './terms.ts';

/** A point in time for the rollups of a latency. */
const POINT = "date_bin(interval '$__interval', f.at, 'epoch')";

const BY_MODEL = rolledHistograms(
  COMPONENTS.flatMap((component) => [`ttfb_${component}` as const, `latency_${component}` as const]),
  { figure: 'f.figure', provider: 'f.provider', model: 'f.model' },
);
const of = (what: 'ttfb' | 'latency', fraction: number) =>
  `max(${rolledPercentile(fraction)}) FILTER (WHERE h.figure LIKE '${what}%')`;

export const exact = {
  id: 20,
  title: 'All turns of finished calls',
  panels: [
    lines({
      id: 21,
      title: 'EOU latency',
      description: 'Percentiles over all turns of the calls that began in each interval, within 1 %.',
      unit: 's',
      width: 12,
      empty: NO_TURNS,
      limits: SILENCE_LIMITS,
      limitLines: true,
      interval: '5m',
      queries: [
        timeSeries(
          `SELECT $__timeGroupAlias(h.at, $__interval),\n  ${rolledPercentile(0.5)} AS p50,\n  ${rolledPercentile(0.95)} AS p95,\n  ${rolledPercentile(0.99)} AS p99\n${rolledHistograms(['eou_latency'], { at: POINT }, 'over time')}\nORDER BY 1`,
        ),
      ],
    }),
    table({
      id: 22,
      title: 'Providers and models',
      description:
        'Over the turns of which it is known, within 1 %. First byte: stage start to first transcript, token or audio byte. Duration: end of utterance to final transcript; request to end of the answer; first text to last audio byte.',
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
          `SELECT right(h.figure, 3) AS component, h.provider, h.model, max(h.turns)::double precision AS turns,\n  ${of('ttfb', 0.5)} AS ttfb_p50,\n  ${of('ttfb', 0.95)} AS ttfb_p95,\n  ${of('ttfb', 0.99)} AS ttfb_p99,\n  ${of('latency', 0.95)} AS latency_p95\n${BY_MODEL}\nWHERE h.provider IS NOT NULL AND ${among('h.provider', 'provider')} AND ${among('h.model', 'model')}\nGROUP BY 1, 2, 3\nORDER BY ttfb_p95 DESC NULLS LAST`,
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
          `SELECT CASE WHEN o.is_over THEN 'over target' ELSE 'within target' END AS turns,\n${SEGMENTS.map(
            (segment) =>
              `  (coalesce(sum(o.us) FILTER (WHERE o.figure = 'segment_${segment}'), 0) / 1e6 / sum(o.turns))::double precision AS ${segment}`,
          ).join(
            ',\n',
          )}\n${rolledBySilence(TARGET)}\nGROUP BY o.is_over\nHAVING sum(o.turns) > 0\nORDER BY 1 DESC`,
        ),
      ],
    }),
    pie({
      id: 24,
      title: 'Longest segment of the slow turns',
      description: `Turns over the target, by the segment that took the most of their time. ${OF_LATEST.turns}`,
      unit: 'short',
      width: 12,
      empty: 'No turn over the target',
      slices: 'rows',
      queries: [
        rows(
          `SELECT g.segment, count(*) AS turns\n${latestTurns()}\n${`CROSS JOIN LATERAL (\n  SELECT v.segment FROM (VALUES ${segmentRows}) AS v (segment, seconds)\n  WHERE v.seconds IS NOT NULL ORDER BY v.seconds DESC LIMIT 1\n) AS g\nWHERE ${l.eou_latency} > ${TARGET}`}\nGROUP BY 1\nORDER BY 2 DESC`,
        ),
      ],
    }),
    table({
      id: 27,
      title: 'Silence over the target: whose it is',
      description:
        'All silence of the turns over the target, by who can make it shorter: a setting, a model, the application or the transport.',
      unit: 's',
      width: 24,
      height: 8,
      empty: 'No turn over the target',
      columns: [
        { name: 'owner', title: 'Owner', unit: 'string' },
        { name: 'share', title: 'Share', unit: 'percentunit', decimals: 0, bar: true },
        { name: 'seconds', title: 'Silence', decimals: 1 },
      ],
      queries: [
        rows(
          `SELECT ${OWNER} AS owner, (sum(o.us) / sum(sum(o.us)) OVER ())::double precision AS share, (sum(o.us) / 1e6)::double precision AS seconds\n${rolledBeyond(TARGET)}\nGROUP BY 1\nHAVING sum(o.us) > 0\nORDER BY 2 DESC`,
        ),
      ],
    }),
    bars({
      id: 25,
      title: 'By turn number',
      description: `EOU latency by the place of the turn in its call, the first 50: a prompt that grows makes late turns slower. ${OF_LATEST.turns}`,
      unit: 's',
      width: 12,
      empty: NO_TURNS,
      x: 'turn',
      queries: [
        rows(
          `SELECT ${l.turn_index}::text AS turn, ${eou(0.5)} AS p50, ${eou(0.95)} AS p95\n${latestTurns()}\nWHERE ${l.eou_latency} IS NOT NULL AND ${l.turn_index} < 50\nGROUP BY ${l.turn_index}\nORDER BY ${l.turn_index}`,
        ),
      ],
    }),
    table({
      id: 26,
      title: 'How the figures are known',
      description: `Where the end of the utterance and the start of the playback come from, best first: ${EOU_SOURCES.join(', ')}; ${PLAYBACK_SOURCES.join(', ')}. ${OF_LATEST.turns}`,
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
          `SELECT ${l.eou_source}, ${l.playback_source}, count(*) AS turns, ${eou(0.5)} AS p50, ${eou(0.95)} AS p95\n${latestTurns()}\nWHERE ${l.eou_latency} IS NOT NULL\nGROUP BY 1, 2\nORDER BY 3 DESC`,
        ),
      ],
    }),
  ],
};
