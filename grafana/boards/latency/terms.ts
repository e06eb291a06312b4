import { ownerName, ownerOf } from '../../../model/owners.ts';
import { SEGMENTS } from '../../../model/vocabulary.ts';
import { l } from '../../columns.ts';
import { LABEL, SPAN_METRICS } from '../../names.ts';
import { percentile } from '../../scope.ts';

export const NO_TURNS = 'No answered turns in this time range';
export const NO_METRICS = 'No live metrics: does Prometheus scrape the collector?';

/** Seconds of silence: unnoticed, noticed, late. */
export const SILENCE_LIMITS = [
  [0, 'green'],
  [0.8, 'orange'],
  [1.2, 'red'],
] as const;

export const eou = (fraction: number) => percentile(fraction, l.eou_latency);

export const live = (fraction: number, by: string, spans: string) =>
  `histogram_quantile(${fraction}, sum by (${['le', by].filter(Boolean).join(', ')}) (rate(${SPAN_METRICS.durationBuckets}{${spans}, ${LABEL.service}=~"$service"}[$__rate_interval])))`;
export const STAGE_SPANS = `${LABEL.stage}=~"stt|llm|tts|tool"`;

export const segmentRows = SEGMENTS.map((segment) => `('${segment}', ${l[`segment_${segment}`]})`).join(', ');

const NO_MODELS = { llm_provider: null, llm_model: null, tts_provider: null, tts_model: null };
/** Whose a segment `o` of rollups is, in words. */
export const OWNER = `CASE o.figure ${SEGMENTS.map(
  (segment) =>
    `WHEN 'segment_${segment}' THEN concat_ws(' ', '${ownerName(ownerOf(segment, NO_MODELS))}', o.provider, o.model)`,
).join(' ')} END`;
