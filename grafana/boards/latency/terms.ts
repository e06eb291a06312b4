import { SEGMENTS } from '../../../model/vocabulary.ts';
import { l } from '../../columns.ts';
import { LABEL, SPAN_METRICS } from '../../names.ts';
import { percentile, TURNS } from '../../scope.ts';

export const NO_TURNS = 'No answered turns in this time range';
export const NO_METRICS = 'No live metrics: does Prometheus scrape the collector?';

/** Seconds of silence: unnoticed, noticed, late. */
export const SILENCE_LIMITS = [
  [0, 'green'],
  [0.8, 'orange'],
  [1.2, 'red'],
] as const;

export const ANSWERED = `${TURNS}\n  AND ${l.eou_latency} IS NOT NULL`;
export const eou = (fraction: number) => percentile(fraction, l.eou_latency);

export const live = (fraction: number, by: string, spans: string) =>
  `histogram_quantile(${fraction}, sum by (${['le', by].filter(Boolean).join(', ')}) (rate(${SPAN_METRICS.durationBuckets}{${spans}, ${LABEL.service}=~"$service"}[$__rate_interval])))`;
export const STAGE_SPANS = `${LABEL.stage}=~"stt|llm|tts|tool"`;

export const segmentColumns = SEGMENTS.map((segment) => l[`segment_${segment}`]);
export const segmentRows = SEGMENTS.map((segment) => `('${segment}', ${l[`segment_${segment}`]})`).join(', ');
