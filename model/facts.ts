/**
 * The vocabulary between reading spans and computing rows. A dialect turns one finished span into one `Fact`; the
 * journal stores it; `calls`, `pricing` and `quality` know nothing else. Plain JSON: it round-trips through `jsonb`.
 *
 * Unknown is absent. All instants are `Micros`: whole microseconds since 1970, exact in a double until 2255.
 */
import type { TimedScore } from './scores.ts';
import type { Tags } from './tags.ts';
import type {
  CutOffBy,
  Direction,
  EouSource,
  Initiator,
  InterruptionKind,
  Latency,
  Outcome,
  OutcomeSource,
  PlaybackSource,
  StageKind,
} from './vocabulary.ts';

/** Whole microseconds since the Unix epoch. */
export type Micros = number;

/** Billable quantities of one stage or of a call. */
export interface Usage {
  /** Prompt tokens, cached and audio ones included (a dialect adds them up where its provider reports net). */
  inputTokens?: number;
  /** The part of `inputTokens` that was read from a cache. */
  cachedInputTokens?: number;
  /** The part of `inputTokens` that was written to a cache, for which some providers charge more. */
  cacheCreationInputTokens?: number;
  /** The part of `cacheCreationInputTokens` that stays in the cache for an hour, where minutes are usual (Anthropic). */
  longCacheCreationInputTokens?: number;
  /** The part of `inputTokens` that was audio. */
  inputAudioTokens?: number;
  /** The part of `cachedInputTokens` that was audio. */
  cachedInputAudioTokens?: number;
  /** Generated tokens, reasoning and audio ones included. */
  outputTokens?: number;
  /** The part of `outputTokens` that was audio. */
  outputAudioTokens?: number;
  /** The part of `outputTokens` that was reasoning. */
  reasoningTokens?: number;
  /** Tokens of the total that was reported which none of these counts explains: what they cost is not known. */
  unexplainedTokens?: number;
  /** Characters sent to synthesis. */
  characters?: number;
  /** Seconds of audio transcribed (stt) or synthesised (tts). */
  audioSeconds?: number;
  /** The provider reported none: this is an estimate. */
  estimated?: boolean;
}

/** What every fact carries. `(tenant, traceId, spanId)` is its key in the journal. */
export interface FactBase {
  /** Whose call it is, as the token of the sender says and never the span. Absent: the default tenant's. */
  tenant?: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  callId: string;
  /** Span name as it came. */
  name: string;
  startUs: Micros;
  endUs: Micros;
  /** `service.name` of the resource. */
  serviceName?: string;
  /** `service.version`, `deployment.environment.name` and `cloud.region` of the resource; not on a stage whose turn says it. */
  serviceVersion?: string;
  deploymentEnvironment?: string;
  cloudRegion?: string;
  /** `voice.tag.*` of the resource; where `serviceVersion` is. */
  resourceTags?: Tags;
  /** `voice.tag.*` of a span of the call as a whole. */
  tags?: Tags;
  /** What evaluators think of the call, as the span says it. */
  scores?: TimedScore[];
  /** Class of the error, when the span failed. */
  errorType?: string;
  /** What the provider calls the requests that the span made: what its support asks for. */
  requestIds?: string[];
}

/** What is known of a conversation as a whole, from whichever source. */
export interface CallDescription {
  direction?: Direction;
  /** phone, web, app. */
  channel?: string;
  /** What carried the audio. */
  transport?: string;
  campaignId?: string;
  agentName?: string;
  /** Whom the call was for, in the application's own ids. */
  customerId?: string;
  /** Where its recording is; only where the application says it. */
  recordingUrl?: string;
  /** How the call stopped, as the framework or transport says it. */
  endReason?: string;
  outcome?: Outcome;
  /** 0 to 1. */
  outcomeConfidence?: number;
  /** Final SIP response. */
  sipStatusCode?: number;
  /** Answering machine detection result. */
  amdResult?: string;
}

/** Where LiveKit carried a call: its ids of the room, and of the SIP call and the trunk that brought the caller. */
export interface RoomOfCall {
  roomId?: string;
  sipCallId?: string;
  sipTrunkId?: string;
}

/** The call span: what is known of the conversation as a whole. */
export interface CallFact extends FactBase, CallDescription, RoomOfCall, BilledCall {
  type: 'call';
  outcomeSource?: OutcomeSource;
  /** Not of a span, but of the report that a framework sends when it is over: its instants count where no span has them. */
  reported?: boolean;
  /** What each model used in the whole call, as that report says. */
  used?: ModelUsage[];
}

/** What one model did in a call. */
export interface ModelUsage {
  stage: 'stt' | 'llm' | 'tts';
  provider?: string;
  model?: string;
  /** Absent: the report names the model, and its figures cannot be relied on. */
  usage?: Usage;
}

/**
 * What was said or done, from the history that a framework sends when the call is over. It completes what spans that were
 * lost would have told, and says nothing new where they came.
 */
export interface SaidFact extends FactBase {
  type: 'said';
  turnIndex?: never;
  by: 'user' | 'agent' | 'tool';
  /** User: as on a `turn_part`. Seconds. */
  endOfTurnDelaySeconds?: number;
  transcriptionDelaySeconds?: number;
  /** Agent: seconds from the request to the model's first token. */
  firstTokenSeconds?: number;
  /** Agent: seconds from the first text to the first audio. */
  firstAudioSeconds?: number;
  /** Agent: as on a `turn_part`. Seconds. */
  reportedEouLatencySeconds?: number;
  interrupted?: boolean;
  /** Agent: length of what was said. */
  characters?: number;
  /** The start and end are those of the voice, and not when the words were noted down. */
  isTimed?: boolean;
  toolName?: string;
  /** Only when content capture is on. */
  words?: string;
}

/** What others say of a call that they ran or carried. */
export interface BilledCall {
  /** The hosted platform that ran the agent: `vapi`, `retell`. */
  platform?: string;
  /** What the platform says that the call cost, in USD, as a decimal: `0.1085`. */
  platformCostUsd?: string;
  /** Seconds that the carrier says it billed: whole minutes, mostly. The fact is the carrier's record of the call. */
  billedSeconds?: number;
  /** The record is of a leg that the call was put through to, and says nothing else of the call. */
  transferred?: boolean;
}

/** One moment when user and agent spoke over each other. */
export interface Interruption {
  kind: InterruptionKind;
  /** When the overlap began. */
  atUs: Micros;
  /** Seconds from there until the agent was silent. */
  timeToSilenceSeconds?: number;
}

/** What the user said at once, and that it was accepted as finished. */
export interface Utterance {
  startedUs?: Micros;
  endedUs: Micros;
  committedUs: Micros;
}

/** What a turn detector thought when it was asked. */
export interface TurnDetection {
  /** That the user has finished. 0 to 1. */
  probability?: number;
  /** Below it the longer delay is waited for. 0 to 1. */
  threshold?: number;
  /** The silence that is waited for, in seconds. */
  delaySeconds?: number;
}

/** Latencies of a turn as a program reports them, in seconds, by the names of the rows' columns. */
export type ReportedLatencies = { [L in Exclude<Latency, 'eou_latency'>]?: number };

/** The turn span: its marks and what the user and agent did. */
export interface TurnFact extends FactBase {
  type: 'turn';
  turnIndex: number;
  initiator?: Initiator;
  speechStartedUs?: Micros;
  speechEndedUs?: Micros;
  committedUs?: Micros;
  eouSource?: EouSource;
  /** Seconds; only where a framework reports its own figure and playback was not seen. */
  reportedEouLatencySeconds?: number;
  /**
   * Seconds; only where a program reports its own figures instead of marks. The times of the turn's stages then say
   * nothing, and no latency is taken from them.
   */
  reportedLatencies?: ReportedLatencies;
  /**
   * The span starts when the user starts to speak, or with the program, and never where speech ended: its start is no
   * end of utterance.
   */
  startsBeforeSpeech?: boolean;
  /** The user spoke if a transcription comes before the agent's first words; else the agent opened the turn. */
  initiatorByStages?: boolean;
  /** Several utterances of one turn, each accepted as finished, in order of time. */
  utterances?: Utterance[];
  detection?: TurnDetection;
  /** How long the user paused, each time, before going on with words that were not yet accepted as finished. Microseconds. */
  pauses?: Micros[];
  interrupted?: boolean;
  /** Cut off: by the user if another turn follows, by the end of the call if none does. */
  interruptedIfFollowed?: boolean;
  /** The framework says that the answer was cut off, and nothing of it was played. */
  unheard?: boolean;
  /** Where it is known of an answer that was cut off, whether or not that was an interruption. */
  cutOffBy?: CutOffBy;
  interruptions?: Interruption[];
  /** Span of the request whose answer was spoken, by what was said; `none`: the words were the application's own. */
  spokenRequest?: string;
  /** -1 to 1. */
  sentimentScore?: number;
  userText?: string;
  agentText?: string;
}

/**
 * One side of a turn, of a framework that writes the user's and the agent's side as spans of their own and does not
 * number them. Grouping joins the sides by time and gives the turns their numbers.
 */
export interface TurnPartFact extends FactBase {
  type: 'turn_part';
  /**
   * `both`: the span holds the whole turn, and does not say who opened it. `speech`: the user's voice was heard for so
   * long, whether or not that became a turn. `commit`: below the user's side, and over when the turn was accepted as
   * finished, where that side goes on. `detection`: a turn detector was asked. `first_audio`: from the first text sent to
   * synthesis to its first audio.
   */
  part: 'user' | 'agent' | 'both' | 'speech' | 'commit' | 'detection' | 'first_audio';
  turnIndex?: never;
  /** Agent: the framework's id of the reply. Parts with the same key are one reply. */
  replyKey?: string;
  /** Agent: cut off. Absent on a reply that was thrown away before it was spoken. */
  interrupted?: boolean;
  /** Agent: who cut it off. Absent where the framework does not say. */
  interruptedBy?: 'user' | 'program';
  /** Speech: the framework heard that it was not an interruption. */
  backchannel?: boolean;
  detection?: TurnDetection;
  /** Agent: seconds from the user's silence to the first audio, as the framework measured it. */
  reportedEouLatencySeconds?: number;
  /** User: seconds from the user's silence to the turn being committed, which is where the span ends but for a `commit`. */
  endOfTurnDelaySeconds?: number;
  /** User: seconds from the user's silence to the final transcript. */
  transcriptionDelaySeconds?: number;
  /** User: who transcribed it, where the framework writes no span for speech-to-text. */
  sttProvider?: string;
  sttModel?: string;
  /** What this side said; only when content capture is on. */
  words?: string;
  /** Agent: the request whose figures the framework puts on the reply, where it writes no span of it. */
  request?: RequestFigures;
  /** As on a turn: the spans that would show it were lost. */
  reportedLatencies?: ReportedLatencies;
}

/** What a framework reports about a request on another span. */
export type RequestFigures = Pick<
  StageFact,
  | 'provider'
  | 'model'
  | 'requestedModel'
  | 'serviceTier'
  | 'responseId'
  | 'usage'
  | 'firstByteUs'
  | 'realtime'
>;

/** One stage span. Without `turnIndex` it belongs to the call (its usage counts, its latency does not). */
export interface StageFact extends FactBase {
  type: 'stage';
  stage: StageKind;
  turnIndex?: number;
  provider?: string;
  /** The model that served, as far as it is known; else the one that was asked for. */
  model?: string;
  /** The model that was asked for, where another one served. */
  requestedModel?: string;
  /** The tier that served, in the provider's own word: `priority`, `flex`, `batch`. */
  serviceTier?: string;
  /** The provider's id of the response: two spans with the same one tell of one request. */
  responseId?: string;
  /** LLM: it hears itself, and speaks unless its answer had no audio: its turn needs no transcription and no synthesis. */
  realtime?: boolean;
  /** Speech-to-text: live stream or recording. */
  streaming?: boolean;
  firstByteUs?: Micros;
  /** Speech-to-text: each silence between the words of the utterance, in microseconds. None: `[]`. */
  pauses?: Micros[];
  /** Speech-to-text: the end of the speech, as the framework measured it. */
  speechEndedUs?: Micros;
  usage?: Usage;
  /** Ended early on purpose; not an error. */
  cancelled?: boolean;
  /** The stage took place; when it was done is not known. */
  endUnknown?: boolean;
  /** Of no span: its usage is what the framework reported of the call when it was over. */
  reported?: boolean;
  /** LLM: why the model stopped. */
  finishReasons?: string[];
  toolName?: string;
  playbackSource?: PlaybackSource;
  /** What was understood (stt), answered (llm), spoken (tts) or heard (playback), of a framework; only when content capture is on. */
  words?: string;
}

/** A span of the call that no dialect understands, or that is none of the above. Kept, and shown. */
export interface OtherFact extends FactBase {
  type: 'other';
  turnIndex?: number;
  /** What the span says of the call without being the call's span, which it may end long before. */
  call?: Pick<
    CallFact,
    | ('agentName' | 'amdResult' | 'endReason' | 'recordingUrl' | 'roomId' | 'sipStatusCode')
    | ('outcome' | 'outcomeConfidence' | 'outcomeSource')
  >;
}

export type Fact = CallFact | TurnFact | TurnPartFact | StageFact | SaidFact | OtherFact;
