import { SEGMENTS } from '../../../model/vocabulary.ts';
import type { Queryable } from '../database.ts';
import {
  type OverTarget,
  overTargetOf,
  rolledOverTarget,
  type SlowTurns,
  slowTurns,
} from '../over-target.ts';
import { percentilesOf, secondsIn, shareUpTo } from '../rollups/histogram.ts';
import { type LatencySums, latenciesOf, secondsOf } from '../rollups/latencies.ts';
import { rolledUp } from '../rollups/read.ts';
import { bucketFor, bucketOf, SAMPLED_TURNS, type Sample, sampleOf } from './sample.ts';
import type { CallSelection } from './selection.ts';

/** Silences of the turns in one stretch of time, in seconds. */
export interface LatencyPoint {
  /** Seconds since 1970. */
  at: number;
  turns: number;
  p50: number;
  p95: number;
  p99: number;
  /** Share of the turns with no more than the target. */
  under_target: number;
  segments: Record<string, number>;
}

/** How long one model took to its first byte (stt: to the final transcript), in seconds. */
export interface ModelLatency {
  stage: 'stt' | 'llm' | 'tts';
  provider: string | null;
  model: string | null;
  turns: number;
  p50: number;
  p95: number;
}

export interface LatencyView {
  /** Seconds of one point. */
  bucket_seconds: number;
  points: LatencyPoint[];
  models: ModelLatency[];
  /** Turns by time and by silence: `[at, bin, turns]`, the bin from `HEAT_BINS[bin]` to the next. */
  heat: [number, number, number][];
  bins: readonly number[];
  /** Whose the silence is where it is longer than the target. */
  over: OverTarget;
  calls: number;
  every: number;
}

/** Where the bins of the heat map begin, in seconds. */
const HEAT_BINS = [0, 0.3, 0.6, 0.9, 1.2, 1.5, 2, 3, 5] as const;

const MODEL_FIGURES = { stt: 'latency_stt', llm: 'ttfb_llm', tts: 'ttfb_tts' } as const;
const SEGMENT_FIGURES = SEGMENTS.map((segment) => `segment_${segment}` as const);
const MODEL_COLUMNS = Object.entries(MODEL_FIGURES)
  .map(([stage, column]) => `l.${stage}_provider, l.${stage}_model, l.${column}`)
  .join(', ');
const MOST_MODELS = 40;

export async function getLatency(
  db: Queryable,
  selection: CallSelection,
  targetSeconds: number,
): Promise<LatencyView> {
  const rolled = await latencyOfRollups(db, selection, targetSeconds);
  if (rolled !== undefined) return rolled;
  const sample = await sampleOf(db, selection);
  const bucket = bucketFor(selection, sample);
  return {
    bucket_seconds: bucket,
    points: await pointsOf(db, sample, bucket, targetSeconds),
    models: await modelsOf(db, sample),
    heat: await heatOf(db, sample, bucket),
    bins: HEAT_BINS,
    over: await overTargetOfRows(db, sample, targetSeconds),
    calls: sample.calls,
    every: sample.every,
  };
}

async function latencyOfRollups(
  db: Queryable,
  selection: CallSelection,
  targetSeconds: number,
): Promise<LatencyView | undefined> {
  const rolled = await rolledUp(db, selection);
  if (rolled === undefined) return undefined;
  const bucket = bucketFor(selection, rolled);
  const source = rolled.over(bucket);
  if (source === undefined) return undefined;
  const found = await latenciesOf(db, source, {
    figures: ['eou_latency', ...Object.values(MODEL_FIGURES)],
    sums: SEGMENT_FIGURES,
    timed: { figures: ['eou_latency', ...SEGMENT_FIGURES], bucketSeconds: bucket },
  });
  const silences = found.filter(({ figure }) => figure === 'eou_latency');
  return {
    bucket_seconds: bucket,
    points: silences.map((silence) => {
      const { at, turns } = silence;
      const [p50, p95, p99] = percentilesOf(silence, [0.5, 0.95, 0.99]) as [number, number, number];
      const segments = Object.fromEntries(
        SEGMENTS.map((name) => [name, (secondsOf(found, `segment_${name}`, at) ?? 0) / turns]),
      );
      return {
        at: at ?? 0,
        turns,
        p50,
        p95,
        p99,
        under_target: shareUpTo(silence, targetSeconds) ?? 0,
        segments,
      };
    }),
    models: found.flatMap(modelOf).sort(byTurns).slice(0, MOST_MODELS),
    heat: silences.flatMap(heatOfHistogram),
    bins: HEAT_BINS,
    over: await rolledOverTarget(db, source, targetSeconds),
    calls: rolled.calls,
    every: 1,
  };
}

function modelOf(sums: LatencySums): ModelLatency[] {
  const { figure, provider, model, turns } = sums;
  const stage = (['stt', 'llm', 'tts'] as const).find((each) => MODEL_FIGURES[each] === figure);
  if (stage === undefined) return [];
  const [p50, p95] = percentilesOf(sums, [0.5, 0.95]) as [number, number];
  return [{ stage, provider, model, turns, p50, p95 }];
}

const byTurns = (a: ModelLatency, b: ModelLatency): number => b.turns - a.turns;

function heatOfHistogram({ at, buckets, counts }: LatencySums): LatencyView['heat'] {
  const turns = HEAT_BINS.map(() => 0);
  buckets.forEach((bucket, index) => {
    const bin = HEAT_BINS.findLastIndex((from) => secondsIn(bucket) >= from);
    turns[bin] = (turns[bin] ?? 0) + (counts[index] ?? 0);
  });
  return turns.flatMap((count, bin): LatencyView['heat'] => (count === 0 ? [] : [[at ?? 0, bin, count]]));
}

async function overTargetOfRows(db: Queryable, { values }: Sample, target: number): Promise<OverTarget> {
  const statement = slowTurns(`FROM ${SAMPLED_TURNS}`, `$${values.length + 1}::double precision`);
  return overTargetOf(target, await db.query<SlowTurns>(statement, [...values, target]));
}

const percentile = (share: number, column: string) =>
  `percentile_cont(${share}) WITHIN GROUP (ORDER BY ${column})`;

function pointsOf(db: Queryable, { values }: Sample, bucket: number, target: number) {
  const segments = SEGMENTS.map((name) => `'${name}', avg(coalesce(l.segment_${name}, 0))`).join(', ');
  return db.query<LatencyPoint>(
    `SELECT ${bucketOf('s.at', bucket)} AS at, count(*)::int AS turns,
  ${percentile(0.5, 'l.eou_latency')} AS p50, ${percentile(0.95, 'l.eou_latency')} AS p95,
  ${percentile(0.99, 'l.eou_latency')} AS p99,
  avg((l.eou_latency <= $${values.length + 1}::double precision)::int)::double precision AS under_target,
  jsonb_build_object(${segments}) AS segments
FROM ${SAMPLED_TURNS} WHERE l.eou_latency IS NOT NULL
GROUP BY 1 ORDER BY 1`,
    [...values, target],
  );
}

function modelsOf(db: Queryable, { values }: Sample) {
  const stages = Object.entries(MODEL_FIGURES).map(
    ([stage, column]) =>
      `SELECT '${stage}' AS stage, ${stage}_provider AS provider, ${stage}_model AS model, ${column} AS seconds FROM t WHERE ${column} IS NOT NULL`,
  );
  return db.query<ModelLatency>(
    `WITH t AS MATERIALIZED (SELECT ${MODEL_COLUMNS} FROM ${SAMPLED_TURNS})
SELECT stage, provider, model, count(*)::int AS turns,
  ${percentile(0.5, 'seconds')} AS p50, ${percentile(0.95, 'seconds')} AS p95
FROM (${stages.join(' UNION ALL ')}) AS u
GROUP BY 1, 2, 3 ORDER BY turns DESC, 1, 2, 3 LIMIT ${MOST_MODELS}`,
    values,
  );
}

async function heatOf(db: Queryable, { values }: Sample, bucket: number) {
  const rows = await db.query<{ at: number; bin: number; turns: number }>(
    `SELECT ${bucketOf('s.at', bucket)} AS at,
  width_bucket(l.eou_latency, ARRAY[${HEAT_BINS.join(', ')}]::double precision[]) - 1 AS bin, count(*)::int AS turns
FROM ${SAMPLED_TURNS} WHERE l.eou_latency IS NOT NULL
GROUP BY 1, 2 ORDER BY 1, 2`,
    values,
  );
  return rows.map(({ at, bin, turns }): [number, number, number] => [at, bin, turns]);
}
