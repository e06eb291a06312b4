import type { CallLogRow, CallMetricsRow } from '../../model/rows.ts';
import { LATENCIES, SEGMENTS, STATISTICS } from '../../model/vocabulary.ts';

/**
 * The columns of every table that earshot writes, once. Statements are built from these lists; a test compares them
 * with the database.
 */

/** SQL types in use. How each crosses the driver is in `values.ts`. */
export type ColumnType =
  | 'text'
  | 'boolean'
  | 'integer'
  | 'bigint'
  | 'double precision'
  | 'numeric'
  | 'timestamptz'
  | 'text[]'
  | 'jsonb';

export type Columns = Readonly<Record<string, ColumnType>>;

const every = <const Name extends string>(names: readonly Name[], type: ColumnType) =>
  Object.fromEntries(names.map((name) => [name, type])) as Record<Name, ColumnType>;

const STATISTIC_COLUMNS = LATENCIES.flatMap((latency) =>
  STATISTICS.map((statistic) => `${latency}_${statistic}` as const),
);
const SEGMENT_COLUMNS = SEGMENTS.map((segment) => `segment_${segment}` as const);

/** What a fact is in the journal; `recorded_at` is the database's. */
export const CALL_SPANS = {
  trace_id: 'text',
  span_id: 'text',
  call_id: 'text',
  turn_index: 'integer',
  stage: 'text',
  started_at: 'timestamptz',
  ended_at: 'timestamptz',
  facts: 'jsonb',
} as const satisfies Columns;

const USAGE = {
  llm_input_tokens: 'bigint',
  llm_cached_tokens: 'bigint',
  llm_output_tokens: 'bigint',
  stt_audio_seconds: 'double precision',
  tts_characters: 'bigint',
  tts_audio_seconds: 'double precision',
} as const satisfies Columns;

export const CALL_LOGS = {
  call_id: 'text',
  turn_index: 'integer',
  created_at: 'timestamptz',
  trace_id: 'text',
  initiator: 'text',
  user_text: 'text',
  agent_text: 'text',
  stt_provider: 'text',
  stt_model: 'text',
  llm_provider: 'text',
  llm_model: 'text',
  tts_provider: 'text',
  tts_model: 'text',
  ...every(LATENCIES, 'double precision'),
  ...every(SEGMENT_COLUMNS, 'double precision'),
  eou_source: 'text',
  playback_source: 'text',
  ...USAGE,
  usage_estimated: 'boolean',
  interrupted: 'boolean',
  cut_off_by: 'text',
  interruption_kind: 'text',
  sentiment_score: 'double precision',
  cost_stt: 'numeric',
  cost_llm: 'numeric',
  cost_tts: 'numeric',
  cost_total: 'numeric',
  error_type: 'text',
} as const satisfies Record<keyof CallLogRow, ColumnType>;

/** As computed; `finalized_at` and `finalized_by` are added by the statement that writes. */
export const CALL_METRICS = {
  call_id: 'text',
  service_name: 'text',
  agent_name: 'text',
  campaign_id: 'text',
  direction: 'text',
  channel: 'text',
  started_at: 'timestamptz',
  ended_at: 'timestamptz',
  duration_seconds: 'double precision',
  turn_count: 'integer',
  ...every(STATISTIC_COLUMNS, 'double precision'),
  ...USAGE,
  interruption_count: 'integer',
  interruption_rate: 'double precision',
  false_interruption_count: 'integer',
  unanswered_count: 'integer',
  clock_skew_count: 'integer',
  outcome: 'text',
  outcome_confidence: 'double precision',
  outcome_source: 'text',
  end_reason: 'text',
  sentiment_avg: 'double precision',
  sentiment_label: 'text',
  cost_stt: 'numeric',
  cost_llm: 'numeric',
  cost_tts: 'numeric',
  cost_livekit: 'numeric',
  cost_telephony: 'numeric',
  cost_total: 'numeric',
  unpriced: 'text[]',
  price_list: 'text',
} as const satisfies Record<keyof CallMetricsRow, ColumnType>;
