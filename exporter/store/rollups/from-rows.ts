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
const namesOf = (stage: string, table: string) => [`${table}.${stage}_provider`, `${table}.${stage}_model`];
const FIGURES: readonly string[] = [...LATENCIES, ...SEGMENTS.map((segment) => `segment_${segment}`)];
const SILENCE = ['eou_latency', ...SEGMENTS.map((segment) => `segment_${segment}`)];

/** The stage that a figure is of, with a provider and a model; undefined: of none. */
const stageOf = (figure: string) => STAGES.find((stage) => figure.endsWith(`_${stage}`));

/*
 * Lines of a histogram are grouped by one number, `g`: that of the period with its dimensions (`k`), of the provider with its
 * model, and of the figure. By names it takes several times as long, and most of the work of rollups is this.
 */
const FIGURE_BITS = 5;
const MODEL_BITS = 24;

/** SQL: the number of a figure of a turn `t`, or of turns that have the same models. */
function numberOf(figure: string): string {
  const stage = stageOf(figure);
  const model = stage === undefined ? '' : ` | (t.${stage}_n << ${FIGURE_BITS})`;
  return `(t.k << ${FIGURE_BITS + MODEL_BITS})${model} | ${FIGURES.indexOf(figure)}`;
}

/** SQL: the providers and models that numbers stand for. */
const NAMES = STAGES.flatMap((stage) =>
  namesOf(stage, 't').map((name) => `max(${name}) AS ${name.replace('t.', '')}`),
).join(', ');
const nameOf =
  (what: 'provider' | 'model') =>
  (figure: string): string => {
    const stage = stageOf(figure);
    return stage === undefined ? 'NULL' : `t.${stage}_${what}`;
  };

/** SQL: the seconds of a figure of a turn `t`. */
const secondsOf = (figure: string): string =>
  figure.startsWith('segment_') ? `CASE WHEN t.eou_latency IS NOT NULL THEN t.${figure} END` : `t.${figure}`;

/**
 * SQL: a line for each figure of each row `t` of `FROM …`, with its number `g`. Of arrays: PostgreSQL prepares the
 * expressions of `LATERAL (VALUES …)` for every row again, which takes most of the time.
 */
const linesOf = (
  figures: readonly string[],
  columns: Readonly<Record<string, { type: string; of: (figure: string) => string }>>,
  from: string,
): string => {
  const all = { g: { type: 'bigint', of: numberOf }, ...columns };
  const lists = Object.entries(all).map(
    ([name, { type, of }]) => `unnest(ARRAY[${figures.map(of).join(', ')}]::${type}[]) AS ${name}`,
  );
  return `(SELECT ${lists.join(', ')} FROM ${from}) AS f`;
};

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
  SELECT c.k, c.started_at, l.*, ${STAGES.map((stage) => `dense_rank() OVER (ORDER BY ${namesOf(stage, 'l').map(bytes).join(', ')}) AS ${stage}_n`).join(', ')}
  FROM c CROSS JOIN LATERAL (
    SELECT call_id, ${TURN_COLUMNS.join(', ')} FROM :schema.call_logs
    WHERE tenant = c.tenant AND call_id = c.call_id AND ${turns} OFFSET 0
  ) AS l
)`;

const CALL_COLUMNS = Object.entries(ROLLUPS.rollup_calls.measures);
const CALL_FIGURES = CALL_COLUMNS.flatMap(([name, { type }]) =>
  OF_CALLS[name] === undefined ? [] : [`(${OF_CALLS[name]})::${type} AS ${name}`],
);

/** What calls cost, as a histogram: in the order of its buckets, which aggregates keep. */
const COSTS = `\
SELECT k, array_agg(place) AS cost_buckets, array_agg(n) AS cost_counts FROM (
    SELECT c.k, ${bucketOf('c.cost_total::double precision')}::smallint AS place, count(*)::integer AS n
    FROM c WHERE c.cost_total IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
  ) AS b GROUP BY k`;

// What is joined is materialized: where a planner expects one line it would compute it again for each of the others.
const CALLS = `\
WITH s AS MATERIALIZED (
  SELECT c.k, c.at, ${dimensionsOf('c')}, ${CALL_FIGURES.join(', ')}
  FROM c GROUP BY c.k, c.at, ${dimensionsOf('c')}
), h AS MATERIALIZED (
  ${COSTS}
)
SELECT s.at, ${dimensionsOf('s')}, ${CALL_COLUMNS.map(([name, { type }]) =>
  OF_CALLS[name] === undefined ? `coalesce(h.${name}, '{}')::${type} AS ${name}` : `s.${name}`,
).join(', ')}
FROM s LEFT JOIN h USING (k)`;

// All figures of turns with the same models are summed at once: far fewer lines than a line a figure and turn.
const SUMS = `\
SELECT f.g, max(f.provider) AS provider, max(f.model) AS model, sum(f.turns)::bigint AS turns, sum(f.us)::bigint AS us,
      min(f.least) AS least, max(f.greatest) AS greatest, NULL::smallint[] AS buckets, NULL::integer[] AS counts,
      NULL::smallint[] AS bands, NULL::integer[] AS band_turns, NULL::bigint[] AS band_us
    FROM ${linesOf(
      FIGURES,
      {
        provider: { type: 'text', of: nameOf('provider') },
        model: { type: 'text', of: nameOf('model') },
        turns: { type: 'bigint', of: (figure) => `t.n_${figure}` },
        us: { type: 'bigint', of: (figure) => `t.us_${figure}` },
        least: { type: 'double precision', of: (figure) => `t.least_${figure}` },
        greatest: { type: 'double precision', of: (figure) => `t.greatest_${figure}` },
      },
      `(
      SELECT t.k, ${STAGES.map((stage) => `t.${stage}_n`).join(', ')}, ${NAMES}, ${FIGURES.map((figure) => {
        const seconds = secondsOf(figure);
        return `count(${seconds}) AS n_${figure}, ${microseconds(seconds)} AS us_${figure}, min(${seconds}) AS least_${figure}, max(${seconds}) AS greatest_${figure}`;
      }).join(', ')}
      FROM t GROUP BY 1, 2, 3, 4
    ) AS t`,
    )}
    WHERE f.turns > 0
    GROUP BY 1`;

const BUCKETS = `\
SELECT f.g, ${bucketOf('f.seconds')}::smallint AS place, count(*)::integer AS n
      FROM ${linesOf(FIGURES, { seconds: { type: 'double precision', of: secondsOf } }, 't')}
      WHERE f.seconds IS NOT NULL
      GROUP BY 1, 2 ORDER BY 1, 2`;

const BANDS = `\
SELECT f.g, f.band::smallint AS place, sum(f.n)::integer AS n, sum(f.us)::bigint AS us
      FROM ${linesOf(
        SILENCE,
        {
          band: { type: 'integer', of: () => 't.band' },
          n: { type: 'bigint', of: (figure) => (figure === 'eou_latency' ? 't.n' : 'NULL') },
          us: { type: 'bigint', of: (figure) => `t.${figure}` },
        },
        `(
        SELECT t.k, ${bandOf('t.eou_latency')}::smallint AS band, t.llm_n, t.tts_n, count(*) AS n, ${SILENCE.map(
          (figure) => `${microseconds(`t.${figure}`)} AS ${figure}`,
        ).join(', ')}
        FROM t WHERE t.eou_latency IS NOT NULL GROUP BY t.k, 2, t.llm_n, t.tts_n
      ) AS t`,
      )}
      WHERE f.us IS NOT NULL
      GROUP BY 1, 2 ORDER BY 1, 2`;

// Arrays are made of lines in order, which aggregates keep: to say it to each of them sorts as often (before PostgreSQL 16).
const HISTOGRAMS = `\
WITH h AS MATERIALIZED (
  SELECT g, g >> ${FIGURE_BITS + MODEL_BITS} AS k, (ARRAY[${FIGURES.map((figure) => `'${figure}'`).join(', ')}])[(g & ${2 ** FIGURE_BITS - 1}) + 1] AS figure,
    ${['provider', 'model', 'turns', 'us', 'greatest', 'buckets', 'counts', 'bands', 'band_turns', 'band_us']
      .map((name) => `max(${name}) AS ${name}`)
      .join(', ')}, min(least) AS least
  FROM (
    ${SUMS}
    UNION ALL
    SELECT g, NULL, NULL, NULL, NULL, NULL, NULL, array_agg(place), array_agg(n), NULL, NULL, NULL FROM (
      ${BUCKETS}
    ) AS f GROUP BY g
    UNION ALL
    SELECT g, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
      array_agg(place), array_agg(n) FILTER (WHERE n IS NOT NULL), array_agg(us) FROM (
      ${BANDS}
    ) AS f GROUP BY g
  ) AS u GROUP BY g
)
SELECT d.at, ${dimensionsOf('d')}, h.figure, h.provider, h.model,
  h.turns, h.us AS sum_us, h.least, h.greatest, h.buckets, h.counts, h.bands, h.band_turns, h.band_us
FROM h JOIN d USING (k)`;

// First by call, and then the calls are counted: telling them apart in an aggregate sorts.
const MODELS = `\
WITH h AS MATERIALIZED (
  SELECT k, stage, n, max(provider) AS provider, max(model) AS model, count(*) AS calls, sum(turns)::bigint AS turns,
    sum(cost) AS cost, sum(quantity)::bigint AS quantity
  FROM (
    ${STAGES.map((stage) => {
      const [provider, model] = namesOf(stage, 't');
      return `SELECT t.k, '${stage}' AS stage, t.${stage}_n AS n, max(${provider}) AS provider, max(${model}) AS model, count(*) AS turns,
      sum(t.cost_${stage}) AS cost, sum(${QUANTITY[stage]}) AS quantity
    FROM t WHERE ${provider} IS NOT NULL OR ${model} IS NOT NULL GROUP BY t.k, t.${stage}_n, t.call_id`;
    }).join('\n    UNION ALL ')}
  ) AS c GROUP BY k, stage, n
)
SELECT d.at, ${dimensionsOf('d')}, h.stage, h.provider, h.model, h.calls, h.turns, h.cost, h.quantity FROM h JOIN d USING (k)`;

const TURN_WORDS = {
  interruption: ['t.interruption_kind', 'true'],
  cut_off: ['t.cut_off_by', 'true'],
  error: ['t.error_type', 'true'],
  estimated: [`'silence'`, `t.eou_latency IS NOT NULL AND t.playback_source = 'estimated'`],
  'estimated ': [`'usage'`, 't.usage_estimated'],
} as const;

const WORDS = `\
WITH h AS MATERIALIZED (
  SELECT k, kind, name, count(*) AS count, max(started_at) AS last_started_at, sum(cost) AS cost
  FROM (
    SELECT c.k, c.started_at, c.cost_total AS cost, w.kind, w.name FROM c CROSS JOIN LATERAL (
      VALUES ('end_reason', c.end_reason), ('outcome_source', c.outcome_source), ('price_list', c.price_list),
        ('sentiment', c.sentiment_label)
    ) AS w (kind, name)
    UNION ALL SELECT c.k, c.started_at, c.cost_total, 'unpriced', u.name FROM c CROSS JOIN LATERAL unnest(c.unpriced) AS u (name)
    ${Object.entries(TURN_WORDS)
      .map(
        ([kind, [name, condition]]) =>
          `UNION ALL SELECT t.k, t.started_at, NULL, '${kind.trim()}', ${name} FROM t WHERE ${condition} AND ${name} IS NOT NULL`,
      )
      .join('\n    ')}
  ) AS w
  WHERE name IS NOT NULL
  GROUP BY 1, 2, 3
)
SELECT d.at, ${dimensionsOf('d')}, h.kind, h.name, h.count, h.last_started_at, h.cost FROM h JOIN d USING (k)`;

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
  `WITH ${ROWS(grain, condition)} SELECT * FROM (${SELECTS[table]}) AS r`;
