import type { Decimal } from 'decimal.js';
import type { Micros } from './facts.ts';
import type { Tags } from './tags.ts';
import { DEFAULT_TENANT } from './tenant.ts';
import {
  CUT_OFF_BY,
  DIRECTIONS,
  EOU_SOURCES,
  FACT_SOURCES,
  GAP_PARTS,
  INITIATORS,
  INTERRUPTION_KINDS,
  LATENCIES,
  type Latency,
  OUTCOME_SOURCES,
  OUTCOMES,
  PLAYBACK_SOURCES,
  SCORE_SOURCES,
  SEGMENTS,
  SENTIMENT_LABELS,
  type Segment,
  STATISTICS,
  type Statistic,
  WHOLE_TURN,
} from './vocabulary.ts';

/**
 * The columns of `call_logs` and `call_metrics`, once: their SQL types, units and comments. The rows' TypeScript types,
 * the statements, the comments in the database, the names in dashboards and docs/columns.md come from here. To add one,
 * add an entry and a migration with its `ALTER TABLE`: see CONTRIBUTING.md.
 */
export interface Column {
  readonly type: SqlType;
  /** NOT NULL. Where it is not set, NULL is unknown. */
  readonly required?: true;
  readonly unit: string;
  /** What it is, without a full stop. Of a column of words: without the words. */
  readonly comment: string;
  /** The only words that it can be. */
  readonly words?: readonly string[];
}

/** What a value of each SQL type is in a row. Money is Decimal USD, instants are whole microseconds since 1970. */
interface SqlValues {
  text: string;
  boolean: boolean;
  integer: number;
  bigint: number;
  'double precision': number;
  numeric: Decimal;
  timestamptz: Micros;
  'text[]': string[];
  jsonb: Tags;
}

/** SQL types in use. */
export type SqlType = keyof SqlValues;

type ValueOf<C extends Column> =
  | (C extends { words: readonly (infer Word)[] } ? Word : SqlValues[C['type']])
  | (C extends { required: true } ? never : null);

type Row<Columns extends Readonly<Record<string, Column>>> = {
  -readonly [Name in keyof Columns]: ValueOf<Columns[Name]>;
};

const seconds = <const Comment extends string>(comment: Comment) =>
  ({ type: 'double precision', unit: 'seconds', comment }) as const;

const usd = <const Comment extends string>(comment: Comment) =>
  ({ type: 'numeric', unit: 'USD', comment }) as const;

const LATENCY: Readonly<Record<Latency, string>> = {
  ttfb_stt: 'STT start to first transcript of the utterance',
  ttfb_llm: 'LLM request to first content or tool-call chunk',
  ttfb_tts: 'First text sent to first audio byte',
  latency_stt: 'End of utterance to final transcript',
  latency_llm: 'LLM request to end of the answer that was spoken',
  latency_tts: 'First text sent to last audio byte',
  eou_latency: 'End of utterance to playback start: the silence the caller hears',
};

const STATISTIC: Readonly<Record<Statistic, string>> = {
  avg: 'Mean',
  min: 'Least',
  max: 'Greatest',
  p50: 'Median',
  p95: '95th percentile (linear interpolation)',
};

const SEGMENT: Readonly<Record<Segment, string>> = {
  endpointing: 'speech ended to committed',
  preparation: 'committed to LLM started, without tools',
  tools: 'tools between committed and LLM started',
  llm: 'LLM started to LLM first byte',
  aggregation: 'LLM first byte to TTS started',
  tts: 'TTS started to TTS first byte',
  playout: 'TTS first byte to playback started',
};

type Seconds = ReturnType<typeof seconds>;

const latencies = Object.fromEntries(
  LATENCIES.map((latency) => [latency, seconds(LATENCY[latency])]),
) as Record<Latency, Seconds>;

const segments = Object.fromEntries(
  SEGMENTS.map((segment) => [`segment_${segment}`, seconds(`Part of eou_latency: ${SEGMENT[segment]}`)]),
) as Record<`segment_${Segment}`, Seconds>;

const statistics = Object.fromEntries(
  LATENCIES.flatMap((latency) =>
    STATISTICS.map((statistic) => [
      `${latency}_${statistic}`,
      seconds(`${STATISTIC[statistic]} over the turns that have it of: ${LATENCY[latency]}`),
    ]),
  ),
) as Record<`${Latency}_${Statistic}`, Seconds>;

/** Usage of a turn, and of a call. model/usage.ts says what they sum. */
export const USAGE_COLUMNS = {
  llm_input_tokens: { type: 'bigint', unit: 'tokens', comment: 'Prompt tokens, cached ones included' },
  llm_cached_tokens: {
    type: 'bigint',
    unit: 'tokens',
    comment: 'The part of llm_input_tokens that was read from a cache',
  },
  llm_output_tokens: { type: 'bigint', unit: 'tokens', comment: 'Generated tokens, reasoning included' },
  stt_audio_seconds: seconds('Audio transcribed'),
  tts_characters: { type: 'bigint', unit: 'characters', comment: 'Text sent to synthesis' },
  tts_audio_seconds: seconds('Audio synthesised'),
} as const;
export type UsageColumn = keyof typeof USAGE_COLUMNS;

/** How long who spoke in a turn, and in a call. */
const SPEECH_COLUMNS = {
  user_speech_seconds: seconds('How long the user spoke; NULL where nothing shows when'),
  agent_speech_seconds: seconds('How long the agent was heard; NULL where no playback was seen'),
  overlap_seconds: seconds('How long both spoke at once; NULL where the speech of one is unknown'),
} as const;

/** Whose ids those are that follow. */
const TENANT = {
  type: 'text',
  required: true,
  unit: 'name',
  comment: `Whose call it is, by the token of its sender; ${DEFAULT_TENANT} without one`,
} as const;

/** One turn. Key `(tenant, call_id, turn_index)`. */
export const LOG_COLUMNS = {
  tenant: TENANT,
  call_id: { type: 'text', required: true, unit: 'identifier', comment: 'The call' },
  turn_index: { type: 'integer', required: true, unit: 'ordinal', comment: 'Turn of the call, from 0' },
  created_at: { type: 'timestamptz', required: true, unit: 'instant', comment: 'Turn start' },
  trace_id: { type: 'text', required: true, unit: 'identifier', comment: 'Trace of the turn' },
  initiator: { type: 'text', unit: 'name', comment: 'Who opened the turn', words: INITIATORS },
  user_text: {
    type: 'text',
    unit: 'text',
    comment: 'What the user said; only when content capture is on',
  },
  agent_text: {
    type: 'text',
    unit: 'text',
    comment: 'What the agent said; only when content capture is on',
  },
  stt_provider: { type: 'text', unit: 'name', comment: 'Provider of the transcription' },
  stt_model: { type: 'text', unit: 'name', comment: 'Model of the transcription' },
  llm_provider: { type: 'text', unit: 'name', comment: 'Provider of the answer that was spoken' },
  llm_model: { type: 'text', unit: 'name', comment: 'Model of the answer that was spoken' },
  tts_provider: { type: 'text', unit: 'name', comment: 'Provider of the synthesis' },
  tts_model: { type: 'text', unit: 'name', comment: 'Model of the synthesis' },
  ...latencies,
  ...segments,
  eou_source: {
    type: 'text',
    unit: 'name',
    comment: 'How the end of utterance is known',
    words: EOU_SOURCES,
  },
  eou_probability: {
    type: 'double precision',
    unit: '0 to 1',
    comment: 'How sure the turn detector was that the user had finished, the last time it was asked',
  },
  eou_threshold: {
    type: 'double precision',
    unit: '0 to 1',
    comment: 'Below this eou_probability the longer endpointing delay is waited for',
  },
  endpointing_delay: seconds('Silence that was waited for before the turn was committed, as configured'),
  playback_source: {
    type: 'text',
    unit: 'name',
    comment: 'How the playback start is known',
    words: PLAYBACK_SOURCES,
  },
  ...USAGE_COLUMNS,
  usage_estimated: {
    type: 'boolean',
    unit: 'true or false',
    comment: 'Some usage of the turn is an estimate',
  },
  interrupted: {
    type: 'boolean',
    unit: 'true or false',
    comment: 'The agent was cut off by the user; NULL where nothing shows when the user spoke',
  },
  cut_off_by: {
    type: 'text',
    unit: 'name',
    comment: "Who ended the agent's words before their end; NULL is none, or unknown",
    words: CUT_OFF_BY,
  },
  ...SPEECH_COLUMNS,
  longest_gap: seconds(
    'Longest silence between two stretches of the answer: the wait behind a filler; NULL where it was said in one',
  ),
  longest_gap_part: {
    type: 'text',
    unit: 'name',
    comment: 'What most of longest_gap went by with',
    words: GAP_PARTS,
  },
  interruption_kind: {
    type: 'text',
    unit: 'name',
    comment: 'What it was that user and agent spoke over each other, by the most telling time',
    words: INTERRUPTION_KINDS,
  },
  sentiment_score: { type: 'double precision', unit: '-1 to 1', comment: "Sentiment of the user's words" },
  cost_stt: usd('Speech-to-text'),
  cost_llm: usd('Language model'),
  cost_tts: usd('Text-to-speech'),
  cost_total: usd('Sum of the priced components'),
  error_type: { type: 'text', unit: 'name', comment: 'Class of the first error, never its message' },
  sources: {
    type: 'jsonb',
    unit: 'columns and words',
    comment: `Columns that the call's spans alone do not give, and from what they come: ${FACT_SOURCES.join(', ')}; "${WHOLE_TURN}" stands for the whole turn; NULL where they give all`,
  },
} as const satisfies Record<string, Column>;

/** One call, as it is computed. Key `(tenant, call_id)`. */
export const METRICS_COLUMNS = {
  tenant: TENANT,
  call_id: { type: 'text', required: true, unit: 'identifier', comment: 'The call' },
  service_name: { type: 'text', unit: 'name', comment: 'The agent program' },
  service_version: { type: 'text', unit: 'name', comment: 'Version of the agent program' },
  deployment_environment: {
    type: 'text',
    unit: 'name',
    comment: 'Where the agent program runs, such as production or staging',
  },
  cloud_region: { type: 'text', unit: 'name', comment: 'Region that the agent program runs in' },
  agent_name: { type: 'text', unit: 'name', comment: 'The agent' },
  campaign_id: { type: 'text', unit: 'identifier', comment: 'Campaign the call belongs to' },
  customer_id: {
    type: 'text',
    unit: 'identifier',
    comment: "Whom the call was for, in the application's own ids",
  },
  tags: { type: 'jsonb', unit: 'names and values', comment: 'What the application sorts its calls by' },
  direction: { type: 'text', unit: 'name', comment: `Who reached whom: ${DIRECTIONS.join(', ')}` },
  channel: { type: 'text', unit: 'name', comment: 'Where the call came in: phone, web, app' },
  room_id: { type: 'text', unit: 'identifier', comment: "LiveKit's id of the room (RM_…)" },
  sip_call_id: { type: 'text', unit: 'identifier', comment: "LiveKit's id of the SIP call (SCL_…)" },
  sip_trunk_id: { type: 'text', unit: 'identifier', comment: 'SIP trunk that the call came or went over' },
  started_at: { type: 'timestamptz', required: true, unit: 'instant', comment: 'Connect' },
  ended_at: { type: 'timestamptz', required: true, unit: 'instant', comment: 'Hang-up' },
  duration_seconds: {
    type: 'double precision',
    required: true,
    unit: 'seconds',
    comment: 'From started_at to ended_at',
  },
  turn_count: { type: 'integer', required: true, unit: 'count', comment: 'Turns of the call' },
  ...statistics,
  ...USAGE_COLUMNS,
  interruption_count: {
    type: 'integer',
    unit: 'count',
    comment: 'Interruptions of the agent by the user; NULL where nothing shows when the user spoke',
  },
  interruption_rate: {
    type: 'double precision',
    unit: 'ratio',
    comment: 'interruption_count / turn_count; NULL without turns',
  },
  false_interruption_count: {
    type: 'integer',
    unit: 'count',
    comment: 'Interruptions after which the agent resumed; NULL where nothing shows when the user spoke',
  },
  ...SPEECH_COLUMNS,
  talk_ratio: {
    type: 'double precision',
    unit: '0 to 1',
    comment: 'agent_speech_seconds / (agent_speech_seconds + user_speech_seconds); NULL where no one spoke',
  },
  longest_silence: seconds('Longest time in which no one spoke; NULL where the speech of one is unknown'),
  dead_air_seconds: seconds('Sum of the silences longer than 3 s; NULL where the speech of one is unknown'),
  user_words_per_minute: {
    type: 'double precision',
    unit: 'words per minute',
    comment: "The user's words a minute of speech; only when content capture is on",
  },
  agent_words_per_minute: {
    type: 'double precision',
    unit: 'words per minute',
    comment:
      "The agent's words a minute of speech, without what was cut off; only when content capture is on",
  },
  unanswered_count: {
    type: 'integer',
    unit: 'count',
    comment:
      "Utterances of the user that the agent did not answer; NULL where nothing shows the agent's words",
  },
  clock_skew_count: {
    type: 'integer',
    unit: 'count',
    comment: 'Turns whose spans come from clocks that disagree: what compares the two is NULL',
  },
  outcome: {
    type: 'text',
    unit: 'name',
    comment: 'What became of the call; NULL is unknown',
    words: OUTCOMES,
  },
  outcome_confidence: { type: 'double precision', unit: '0 to 1', comment: 'How sure the outcome is' },
  outcome_source: {
    type: 'text',
    unit: 'name',
    comment: 'What decided the outcome',
    words: OUTCOME_SOURCES,
  },
  end_reason: {
    type: 'text',
    unit: 'name',
    comment: 'How the call stopped, as the framework or transport says it',
  },
  platform: {
    type: 'text',
    unit: 'name',
    comment: 'Hosted platform that ran the agent, such as vapi; NULL is a program of your own',
  },
  leg_count: {
    type: 'integer',
    unit: 'count',
    comment:
      'Connections that the call came over: more than 1 where it was transferred or came back; NULL is unknown',
  },
  billed_seconds: seconds('What the carrier says it billed of the call; NULL where it has not said so'),
  recording_url: {
    type: 'text',
    unit: 'URL',
    comment: 'Where the recording is; only where the application says it',
  },
  sentiment_avg: { type: 'double precision', unit: '-1 to 1', comment: 'Mean sentiment of the turns' },
  sentiment_label: {
    type: 'text',
    unit: 'name',
    comment: 'sentiment_avg in a word',
    words: SENTIMENT_LABELS,
  },
  cost_stt: usd('Speech-to-text'),
  cost_llm: usd('Language model'),
  cost_tts: usd('Text-to-speech'),
  cost_livekit: usd('LiveKit minutes'),
  cost_telephony: usd('Telephony minutes'),
  cost_total: usd('Sum of the priced components; a lower bound where unpriced is not empty'),
  cost_platform: usd(
    'What the hosted platform that ran the call says it cost; beside cost_total, which is by our price list, and not in it',
  ),
  unpriced: {
    type: 'text[]',
    required: true,
    unit: 'names',
    comment: 'What had no price, as component:provider/model; empty when all is priced',
  },
  price_list: {
    type: 'text',
    required: true,
    unit: 'name and version',
    comment: 'Price list that the costs come from',
  },
  sources: {
    type: 'jsonb',
    unit: 'columns and words',
    comment: `Columns that do not come from the call's spans, and from what they come: ${FACT_SOURCES.join(', ')}; NULL where all do`,
  },
  spans_dropped: {
    type: 'integer',
    unit: 'count',
    comment: 'Spans beyond EARSHOT_MAX_CALL_SPANS, which the row leaves out; NULL when it is of all',
  },
} as const satisfies Record<string, Column>;

/** One score of a call. Key `(tenant, call_id, name)`. */
export const SCORE_COLUMNS = {
  tenant: TENANT,
  call_id: { type: 'text', required: true, unit: 'identifier', comment: 'The call' },
  name: { type: 'text', required: true, unit: 'name', comment: 'What was judged' },
  value: {
    type: 'double precision',
    unit: "the evaluator's",
    comment: 'The figure that was given; NULL where it was a word',
  },
  label: { type: 'text', unit: 'name', comment: 'The word that was given; NULL where it was a figure' },
  source: { type: 'text', required: true, unit: 'name', comment: 'Who gave it', words: SCORE_SOURCES },
  scored_at: { type: 'timestamptz', required: true, unit: 'instant', comment: 'When it was given' },
} as const satisfies Record<string, Column>;

/** What the store adds to a call's row when it writes it. */
export const STORED_COLUMNS = {
  finalized_at: {
    type: 'timestamptz',
    required: true,
    unit: 'instant',
    comment: 'When these rows were last computed',
  },
  finalized_by: { type: 'text', required: true, unit: 'identifier', comment: 'Worker that computed them' },
} as const satisfies Record<string, Column>;

/**
 * Where in the journal a call's spans are, beside its row: so that few partitions are opened for it. For the store alone, and
 * valid for as long as `spans_at` is `finalized_at`.
 */
export const EXTENT_COLUMNS = {
  spans_from: {
    type: 'timestamptz',
    unit: 'instant',
    comment: "Earliest end of the call's spans in the journal",
  },
  spans_until: {
    type: 'timestamptz',
    unit: 'instant',
    comment: "Latest end of the call's spans in the journal",
  },
  spans_ended: {
    type: 'boolean',
    unit: 'true or false',
    comment: 'The span of the call itself is among them',
  },
  spans_at: {
    type: 'timestamptz',
    unit: 'instant',
    comment: 'The finalized_at for which the columns beside it hold; of the first call of an id only',
  },
} as const satisfies Record<string, Column>;

/** Every table of rows, as it is in the database. */
export const ROW_TABLES = {
  call_logs: LOG_COLUMNS,
  call_metrics: { ...METRICS_COLUMNS, ...STORED_COLUMNS, ...EXTENT_COLUMNS },
  call_scores: SCORE_COLUMNS,
} as const satisfies Record<string, Readonly<Record<string, Column>>>;

/** One turn. Key `(tenant, call_id, turn_index)`. `null` is unknown; units are in the column's comment. */
export interface CallLogRow extends Row<typeof LOG_COLUMNS> {}

/** One call, as it is computed. Key `(tenant, call_id)`. `null` is unknown; units are in the column's comment. */
export interface CallMetricsRow extends Row<typeof METRICS_COLUMNS> {}

/** A row of `call_metrics` as it is stored. */
export interface StoredCallMetrics extends CallMetricsRow, Row<typeof STORED_COLUMNS> {}

/** One score of a call. Key `(tenant, call_id, name)`. */
export interface CallScoreRow extends Row<typeof SCORE_COLUMNS> {}

/** A call's rows, as computed. */
export interface CallRows {
  metrics: CallMetricsRow;
  logs: CallLogRow[];
  /** What its spans say that it is worth, by name. Absent: nothing. */
  scores?: CallScoreRow[];
}

/** The comment of a column, with its words and its unit. */
export const describeColumn = ({ comment, words = [], unit }: Omit<Column, 'type'>): string =>
  `${[comment, ...(words.length > 0 ? [words.join(', ')] : [])].join(': ')}. Unit: ${unit}`;
