import type { Decimal } from 'decimal.js';
import type { Micros } from './facts.ts';
import type {
  CutOffBy,
  EouSource,
  Initiator,
  InterruptionKind,
  Latency,
  Outcome,
  OutcomeSource,
  PlaybackSource,
  Segment,
  SentimentLabel,
  Statistic,
} from './vocabulary.ts';

/**
 * The rows that a call becomes. Keys are the column names of `call_metrics` and `call_logs`; units are in the
 * column comments of `exporter/sql`. Times are seconds, money is Decimal USD, instants are `Micros` (timestamptz in
 * the database). `null` is unknown.
 */

type LatencyColumns = Record<Latency, number | null>;
type StatisticColumns = Record<`${Latency}_${Statistic}`, number | null>;
type SegmentColumns = Record<`segment_${Segment}`, number | null>;

/** One turn. Key `(call_id, turn_index)`. */
export interface CallLogRow extends LatencyColumns, SegmentColumns {
  call_id: string;
  turn_index: number;
  /** Turn start. */
  created_at: Micros;
  trace_id: string;
  initiator: Initiator | null;
  user_text: string | null;
  agent_text: string | null;
  stt_provider: string | null;
  stt_model: string | null;
  llm_provider: string | null;
  llm_model: string | null;
  tts_provider: string | null;
  tts_model: string | null;
  eou_source: EouSource | null;
  playback_source: PlaybackSource | null;
  llm_input_tokens: number | null;
  llm_cached_tokens: number | null;
  llm_output_tokens: number | null;
  stt_audio_seconds: number | null;
  tts_characters: number | null;
  tts_audio_seconds: number | null;
  /** Some usage of the turn is an estimate. */
  usage_estimated: boolean | null;
  /** The user cut the agent off. Null: nothing shows when the user spoke. */
  interrupted: boolean | null;
  /** Who ended the agent's words before their end. Null: nobody, or it is not known. */
  cut_off_by: CutOffBy | null;
  interruption_kind: InterruptionKind | null;
  sentiment_score: number | null;
  cost_stt: Decimal | null;
  cost_llm: Decimal | null;
  cost_tts: Decimal | null;
  cost_total: Decimal | null;
  error_type: string | null;
}

/** One call. Key `call_id`. `finalized_at` and `finalized_by` are the store's. */
export interface CallMetricsRow extends StatisticColumns {
  call_id: string;
  service_name: string | null;
  agent_name: string | null;
  campaign_id: string | null;
  direction: string | null;
  channel: string | null;
  started_at: Micros;
  ended_at: Micros;
  duration_seconds: number;
  turn_count: number;
  llm_input_tokens: number | null;
  llm_cached_tokens: number | null;
  llm_output_tokens: number | null;
  stt_audio_seconds: number | null;
  tts_characters: number | null;
  tts_audio_seconds: number | null;
  /** Null where nothing shows when the user spoke, as the two below. */
  interruption_count: number | null;
  /** Interruptions / turns; null without turns. */
  interruption_rate: number | null;
  false_interruption_count: number | null;
  /** Utterances of the user that were followed by no words of the agent. Null: nothing shows those words. */
  unanswered_count: number | null;
  /** Turns whose spans come from clocks that disagree. Null in rows of before it was counted. */
  clock_skew_count: number | null;
  outcome: Outcome | null;
  outcome_confidence: number | null;
  outcome_source: OutcomeSource | null;
  end_reason: string | null;
  sentiment_avg: number | null;
  sentiment_label: SentimentLabel | null;
  cost_stt: Decimal | null;
  cost_llm: Decimal | null;
  cost_tts: Decimal | null;
  cost_livekit: Decimal | null;
  cost_telephony: Decimal | null;
  cost_total: Decimal | null;
  /** What had no price, as `component:provider/model`; empty when all is priced. */
  unpriced: string[];
  /** Name and version of the price list. */
  price_list: string;
}

/** A call's rows, as computed. */
export interface CallRows {
  metrics: CallMetricsRow;
  logs: CallLogRow[];
}
