/** Every closed list of words that spans, rows and dashboards share, once. A type is the words of its list. */

/** What happens inside a turn. */
export const STAGES = ['stt', 'llm', 'tts', 'playback', 'tool'] as const;
export type StageKind = (typeof STAGES)[number];

/** Carriers, as `voice.transport` names them: the minutes of their calls are billed as telephony. */
export const CARRIERS = ['twilio', 'telnyx', 'plivo', 'vonage', 'signalwire'] as const;
export type CarrierName = (typeof CARRIERS)[number];

/** Hosted platforms, as the column `platform` and the paths of their webhooks name them. */
export const PLATFORMS = ['vapi', 'retell', 'bland', 'elevenlabs'] as const;
export type PlatformName = (typeof PLATFORMS)[number];

/** Who opens a turn. */
export const INITIATORS = ['user', 'agent'] as const;
export type Initiator = (typeof INITIATORS)[number];

/** Who reached whom. `web`: neither called, the user opened a page. */
export const DIRECTIONS = ['inbound', 'outbound', 'web'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** How the end of utterance is known, best first. `framework`: from latencies that a framework reports of itself. */
export const EOU_SOURCES = ['vad', 'stt_word_end', 'stt_event', 'framework', 'turn_start'] as const;
export type EouSource = (typeof EOU_SOURCES)[number];

/** How the start of playback is known. */
export const PLAYBACK_SOURCES = ['observed', 'estimated'] as const;
export type PlaybackSource = (typeof PLAYBACK_SOURCES)[number];

/** What it means that user and agent spoke over each other, most telling first. */
export const INTERRUPTION_KINDS = [
  'barge_in',
  'agent_over_user',
  'false_interruption',
  'backchannel',
] as const;
export type InterruptionKind = (typeof INTERRUPTION_KINDS)[number];

/** Who ended an answer before it had been heard to its end. */
export const CUT_OFF_BY = ['user', 'hangup', 'program'] as const;
export type CutOffBy = (typeof CUT_OFF_BY)[number];

/** Parts of a call's cost, as `report` and the page show them: the columns `cost_PART`. */
export const COST_PARTS = ['stt', 'llm', 'tts', 'telephony', 'livekit'] as const;
export type CostPart = (typeof COST_PARTS)[number];

/** What became of a call. */
export const OUTCOMES = ['SUCCESS', 'FAIL', 'VOICEMAIL', 'NO_ANSWER', 'BUSY'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What decided an outcome, strongest first. `analysis`: the verdict of the hosted platform that ran the call. */
export const OUTCOME_SOURCES = ['explicit', 'sip', 'amd', 'end_reason', 'analysis', 'keywords'] as const;
export type OutcomeSource = (typeof OUTCOME_SOURCES)[number];

/** Who gave a score. `span`: a span of the call says it. `given`: by `earshot score` or a program, after the call; it stands. */
export const SCORE_SOURCES = ['span', 'given'] as const;

/**
 * Where a column of a call comes from, if not from its spans: what a framework reported when it was over, the hosted platform
 * that ran it, or the carrier's record of it.
 */
export const FACT_SOURCES = ['report', 'platform', 'carrier'] as const;
export type FactSource = (typeof FACT_SOURCES)[number];
/** In `sources` of a turn: every column of it. */
export const WHOLE_TURN = '*';

export const SENTIMENT_LABELS = ['positive', 'neutral', 'negative'] as const;
export type SentimentLabel = (typeof SENTIMENT_LABELS)[number];

/** Latencies that each turn has and each call aggregates. Seconds. */
export const LATENCIES = [
  'ttfb_stt',
  'ttfb_llm',
  'ttfb_tts',
  'latency_stt',
  'latency_llm',
  'latency_tts',
  'eou_latency',
] as const;
export type Latency = (typeof LATENCIES)[number];

/** What a call keeps of each latency, over the turns that have it. p50 and p95 interpolate linearly, as `percentile_cont`. */
export const STATISTICS = ['avg', 'min', 'max', 'p50', 'p95'] as const;
export type Statistic = (typeof STATISTICS)[number];

/** The time between neighbouring marks, in order, and within one the tools. They sum to `eou_latency` to the microsecond. */
export const SEGMENTS = [
  'endpointing',
  'preparation',
  'tools',
  'llm',
  'aggregation',
  'tts',
  'playout',
] as const;
export type Segment = (typeof SEGMENTS)[number];

/** What a silence inside an answer goes by with: segments of the silence before one, `preparation` being what no stage shows. */
export const GAP_PARTS = ['tools', 'llm', 'tts', 'preparation'] as const satisfies readonly Segment[];
export type GapPart = (typeof GAP_PARTS)[number];
