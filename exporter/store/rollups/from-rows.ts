import {
  DIMENSIONS,
  type Grain,
  outcomeColumn,
  ROLLUPS,
  type Rollup,
  type SpeechMeasure,
} from '../../../model/rollups.ts';
import { USAGE_COLUMNS } from '../../../model/rows.ts';
import { COST_PARTS, LATENCIES, OUTCOMES, SEGMENTS } from '../../../model/vocabulary.ts';
import { bandOf } from './bands.ts';
import { bucketOf } from './histogram.ts';

/** What rollups are of rows. */

/** SQL: the beginning of the period that an instant is in. */
export const PERIOD_OF: Readonly<Record<Grain, (instant: string) => string>> = {
  slice: (instant) => `date_bin('5 minutes', ${instant}, 'epoch'::timestamptz)`,
  hour: (instant) => `date_bin('1 hour', ${instant}, 'epoch'::timestamptz)`,
  day: (instant) => `date_bin('1 day', ${instant}, 'epoch'::timestamptz)`,
};

const dimensionsOf = (table: string): string => DIMENSIONS.map((name) => `${table}.${name}`).join(', ');

/** SQL: text in the order of its bytes, where any order will do: that of a language takes many times as long. */
export const bytes = (column: string): string => `${column} COLLATE "C"`;

/** Columns of a table of rollups after `grain`, in order. */
export const columnsOf = (table: Rollup): string[] => [
  'at',
  ...ROLLUPS[table].dimensions,
  ...Object.keys(ROLLUPS[table].keys),
  ...Object.keys(ROLLUPS[table].measures),
];

const microseconds = (seconds: string): string => `sum(round(${seconds} * 1000000)::bigint)`;
const counted = (condition: string): string => `count(*) FILTER (WHERE ${condition})`;
/** Of the rows that are meant: 0 where there are none. */
const microsecondsOf = (seconds: string, condition: string): string =>
  `coalesce(${microseconds(seconds)} FILTER (WHERE ${condition}), 0)`;

/** SQL: the measures of speech, of rows of `call_metrics`. */
function speechMeasures(row: string): Readonly<Record<SpeechMeasure, string>> {
  const areBothKnown = `${row}.user_speech_seconds IS NOT NULL AND ${row}.agent_speech_seconds IS NOT NULL`;
  const isSilenceKnown = `${row}.dead_air_seconds IS NOT NULL`;
  return {
    talk_calls: counted(areBothKnown),
    user_speech_us: microsecondsOf(`${row}.user_speech_seconds`, areBothKnown),
    agent_speech_us: microsecondsOf(`${row}.agent_speech_seconds`, areBothKnown),
    silence_calls: counted(isSilenceKnown),
    silence_call_us: microsecondsOf(`${row}.duration_seconds`, isSilenceKnown),
    overlap_us: microsecondsOf(`${row}.overlap_seconds`, isSilenceKnown),
    dead_air_us: microsecondsOf(`${row}.dead_air_seconds`, isSilenceKnown),
    dead_air_calls: counted(`${row}.dead_air_seconds > 0`),
    longest_silence_max: `max(${row}.longest_silence)`,
  };
}

/** SQL: the same as columns. */
export const speechColumns = (row: string): string =>
  Object.entries(speechMeasures(row))
    .map(([name, measure]) => `${measure} AS ${name}`)
    .join(', ');

/** SQL: each measure of calls, of rows `c` of `call_metrics`. */
const OF_CALLS: Readonly<Record<string, string>> = {
  calls: 'count(*)',
  turns: 'sum(c.turn_count)',
  duration_us: microseconds('c.duration_seconds'),
  first_started_at: 'min(c.started_at)',
  last_started_at: 'max(c.started_at)',
  ...Object.fromEntries(
    OUTCOMES.map((outcome) => [outcomeColumn(outcome), counted(`c.outcome = '${outcome}'`)]),
  ),
  [outcomeColumn('unknown')]: counted('c.outcome IS NULL'),
  interruptions: 'sum(c.interruption_count)',
  false_interruptions: 'sum(c.false_interruption_count)',
  unanswered: 'sum(c.unanswered_count)',
  ...speechMeasures('c'),
  judged_turns: 'coalesce(sum(c.turn_count) FILTER (WHERE c.interruption_count IS NOT NULL), 0)',
  sentiment_billionths: 'sum(round(c.sentiment_avg * 1000000000)::bigint)',
  felt_calls: 'count(c.sentiment_avg)',
  ...Object.fromEntries([...COST_PARTS, 'total'].map((part) => [`cost_${part}`, `sum(c.cost_${part})`])),
  cost_judged: 'sum(c.cost_total) FILTER (WHERE c.outcome IS NOT NULL)',
  priced_calls: 'count(c.cost_total)',
  priced_us: microsecondsOf('c.duration_seconds', 'c.cost_total IS NOT NULL'),
  priced_successes: counted("c.outcome = 'SUCCESS' AND c.cost_total IS NOT NULL"),
  unpriced_calls: counted("c.unpriced <> '{}'"),
  eou_latency_max: 'max(c.eou_latency_max)',
  ...Object.fromEntries(
    Object.entries(USAGE_COLUMNS).map(([name, { type }]) =>
      type === 'double precision'
        ? [name.replace('_seconds', '_us'), microseconds(`c.${name}`)]
        : [name, `sum(c.${name})`],
    ),
  ),
  judged_input_tokens: 'sum(c.llm_input_tokens) FILTER (WHERE c.llm_cached_tokens IS NOT NULL)',
};

const STAGES = ['stt', 'llm', 'tts'] as const;

/** SQL: provider and model of the stage that a latency or segment is of. */
function modelOf(figure: string): string {
  const stage = STAGES.find((each) => figure.endsWith(`_${each}`));
  return stage === undefined ? 'NULL, NULL' : `t.${stage}_provider, t.${stage}_model`;
}

/** Latencies of a turn `t`: figure, provider, model, seconds. */
const FIGURES = [
  ...LATENCIES.map((latency) => `('${latency}', ${modelOf(latency)}, t.${latency})`),
  ...SEGMENTS.map((segment) => {
    const figure = `segment_${segment}`;
    return `('${figure}', ${modelOf(figure)}, CASE WHEN t.eou_latency IS NOT NULL THEN t.${figure} END)`;
  }),
].join(', ');

const SILENCE = ['eou_latency', ...SEGMENTS.map((segment) => `segment_${segment}`)];
const SILENT_MODELS = ['llm', 'tts'].map((stage) => `t.${stage}_provider, t.${stage}_model`).join(', ');

/** What silences are made of, of turns `t` that have the same models: figure, provider, model, turns, microseconds. */
const SILENCES = SILENCE.map(
  (figure) => `('${figure}', ${modelOf(figure)}, ${figure === 'eou_latency' ? 't.n' : 'NULL'}, t.${figure})`,
).join(', ');

/** SQL: what a turn used of a stage, as a whole number. */
const QUANTITY = {
  stt: 'round(t.stt_audio_seconds * 1000000)::bigint',
  llm: 't.llm_input_tokens + t.llm_output_tokens',
  tts: 't.tts_characters',
} as const;

const TURN_COLUMNS = [
  'stt_audio_seconds',
  'llm_input_tokens',
  'llm_output_tokens',
  'tts_characters',
  ...STAGES.flatMap((stage) => [`${stage}_provider`, `${stage}_model`, `cost_${stage}`]),
  ...LATENCIES,
  ...SEGMENTS.map((segment) => `segment_${segment}`),
  'interruption_kind',
  'cut_off_by',
  'error_type',
  'playback_source',
  'usage_estimated',
];

/**
 * SQL: the calls `c` that a condition on `call_metrics m`, of `from`, means, and those of their turns `t` that `turns` means, by the index, call by call: a planner
 * that may choose reads the whole table, however long it is (OFFSET 0 forbids it). `k` is the number of a period with its
 * dimensions, `d`: grouping by it is many times faster than by all of them.
 */
export const ROWS = (
  grain: Grain,
  condition: string,
  { from = ':schema.call_metrics m', turns = 'true' }: { from?: string; turns?: string } = {},
): string => `\
c AS MATERIALIZED (
  SELECT r.*, dense_rank() OVER (ORDER BY r.at, ${DIMENSIONS.map(bytes).join(', ')}) AS k FROM (
    SELECT ${PERIOD_OF[grain]('m.started_at')} AS at, m.* FROM ${from} WHERE ${condition}
  ) AS r
), d AS MATERIALIZED (
  SELECT DISTINCT c.k, c.at, ${dimensionsOf('c')} FROM c
), t AS MATERIALIZED (
  SELECT c.k, l.* FROM c CROSS JOIN LATERAL (
    SELECT call_id, ${TURN_COLUMNS.join(', ')} FROM :schema.call_logs
    WHERE tenant = c.tenant AND call_id = c.call_id AND ${turns} OFFSET 0
  ) AS l
)`;

const CALLS = `\
SELECT c.at, ${dimensionsOf('c')}, ${Object.entries(ROLLUPS.rollup_calls.measures)
  .map(([name, { type }]) => `(${OF_CALLS[name]})::${type} AS ${name}`)
  .join(', ')}
FROM c GROUP BY c.k, c.at, ${dimensionsOf('c')}`;

const BUCKETS = `\
SELECT t.k, f.figure, f.provider, f.model, false AS is_band, ${bucketOf('f.seconds')}::smallint AS place, count(*)::integer AS n,
      (${microseconds('f.seconds')})::bigint AS us, min(f.seconds) AS least, max(f.seconds) AS greatest
    FROM t CROSS JOIN LATERAL (VALUES ${FIGURES}) AS f (figure, provider, model, seconds)
    WHERE f.seconds IS NOT NULL
    GROUP BY 1, 2, 3, 4, 6`;

// All segments of turns with the same models are summed at once: far fewer lines than a line a segment and turn.
const BANDS = `\
SELECT t.k, f.figure, f.provider, f.model, true, t.band, sum(f.n)::integer, sum(f.us)::bigint, NULL, NULL
    FROM (
      SELECT t.k, ${bandOf('t.eou_latency')}::smallint AS band, ${SILENT_MODELS}, count(*) AS n, ${SILENCE.map(
        (figure) => `${microseconds(`t.${figure}`)} AS ${figure}`,
      ).join(', ')}
      FROM t WHERE t.eou_latency IS NOT NULL GROUP BY t.k, 2, ${SILENT_MODELS}
    ) AS t CROSS JOIN LATERAL (VALUES ${SILENCES}) AS f (figure, provider, model, n, us)
    WHERE f.us IS NOT NULL
    GROUP BY 1, 2, 3, 4, 6`;

// In one order, so that lines are sorted once for all of them.
const placed = (value: string, condition: string): string =>
  `array_agg(${value} ORDER BY place) FILTER (WHERE ${condition})`;

const HISTOGRAMS = `\
SELECT d.at, ${dimensionsOf('d')}, h.figure, h.provider, h.model,
  h.turns, h.sum_us, h.least, h.greatest, h.buckets, h.counts, h.bands, h.band_turns, h.band_us
FROM (
  SELECT k, figure, provider, model, (sum(n) FILTER (WHERE NOT is_band))::bigint AS turns,
    (sum(us) FILTER (WHERE NOT is_band))::bigint AS sum_us, min(least) AS least, max(greatest) AS greatest,
    ${placed('place', 'NOT is_band')} AS buckets, ${placed('n', 'NOT is_band')} AS counts, ${placed('place', 'is_band')} AS bands,
    ${placed('n', 'is_band AND n IS NOT NULL')} AS band_turns, ${placed('us', 'is_band')} AS band_us
  FROM (
    ${BUCKETS}
    UNION ALL
    ${BANDS}
  ) AS b
  GROUP BY 1, 2, 3, 4
) AS h JOIN d USING (k)`;

const MODELS = `\
SELECT d.at, ${dimensionsOf('d')}, h.stage, h.provider, h.model, h.calls, h.turns, h.cost, h.quantity
FROM (
  SELECT t.k, s.stage, s.provider, s.model, count(DISTINCT t.call_id) AS calls, count(*) AS turns, sum(s.cost) AS cost, sum(s.quantity)::bigint AS quantity
  FROM t CROSS JOIN LATERAL (
    VALUES ${STAGES.map((stage) => `('${stage}', t.${stage}_provider, t.${stage}_model, t.cost_${stage}, ${QUANTITY[stage]})`).join(', ')}
  ) AS s (stage, provider, model, cost, quantity)
  WHERE s.provider IS NOT NULL OR s.model IS NOT NULL
  GROUP BY 1, 2, 3, 4
) AS h JOIN d USING (k)`;

const WORDS = `\
SELECT d.at, ${dimensionsOf('d')}, h.kind, h.name, h.count
FROM (
  SELECT k, kind, name, count(*) AS count
  FROM (
    SELECT c.k, w.kind, w.name FROM c CROSS JOIN LATERAL (
      VALUES ('end_reason', c.end_reason), ('outcome_source', c.outcome_source)
    ) AS w (kind, name)
    UNION ALL SELECT c.k, 'unpriced', u.name FROM c CROSS JOIN LATERAL unnest(c.unpriced) AS u (name)
    UNION ALL SELECT t.k, w.kind, w.name FROM t CROSS JOIN LATERAL (
      VALUES ('interruption', t.interruption_kind), ('cut_off', t.cut_off_by), ('error', t.error_type),
        ('estimated', CASE WHEN t.eou_latency IS NOT NULL AND t.playback_source = 'estimated' THEN 'silence' END),
        ('estimated', CASE WHEN t.usage_estimated THEN 'usage' END)
    ) AS w (kind, name)
  ) AS w
  WHERE name IS NOT NULL
  GROUP BY 1, 2, 3
) AS h JOIN d USING (k)`;

/** Those that are computed from rows. */
export type RowsRollup = Exclude<Rollup, 'rollup_tenant_latencies'>;

/** SQL: what each table of rollups has of `ROWS`. */
export const SELECTS: Readonly<Record<RowsRollup, string>> = {
  rollup_calls: CALLS,
  rollup_latencies: HISTOGRAMS,
  rollup_models: MODELS,
  rollup_words: WORDS,
};

/** SQL: what one table of rollups has of the calls that a condition on `call_metrics m` means. */
export const fromRows = (table: RowsRollup, grain: Grain, condition: string): string =>
  `WITH ${ROWS(grain, condition)} ${SELECTS[table]}`;
