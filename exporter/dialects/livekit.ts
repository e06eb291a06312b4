import type {
  CallFact,
  Fact,
  FactBase,
  Micros,
  RequestFigures,
  StageFact,
  TurnPartFact,
} from '../../model/facts.ts';
import { modelOf, providerOf } from '../../model/providers.ts';
import type { SpanRecord } from '../../model/span-record.ts';
import {
  type Attributes,
  addPresent,
  flag,
  id,
  ids,
  number,
  present,
  quantity,
  text,
  words,
} from './attributes.ts';
import { type Dialect, factBase, jobCallId, type ReadOptions } from './dialect.ts';
import { callFact } from './earshot.ts';
import { grossUsage } from './gross.ts';
import { type LiveKitMetrics, metricsOf } from './livekit-metrics.ts';
import { GEN_AI } from './names.ts';
import {
  afterStart,
  finishReasonsOf,
  knownTokens,
  micros,
  modelNames,
  otherFact,
  requestOf,
  stageFact,
} from './stages.ts';
import { countingOf, someUsage, tokenCounts } from './tokens.ts';

/**
 * LiveKit Agents, JavaScript 1.9 and Python 1.7. One trace a job: user and agent sides are siblings without a common id.
 * The scope has no version and is the same in both languages, so the unit of the delays is the language's.
 */
export const livekit: Dialect = {
  name: 'livekit',
  recognises: ({ scopeName }) => scopeName === SCOPE,
  read,
};

const SCOPE = 'livekit-agents';

/** Span names; those that are not here only hold the tree together. Python says `amd`. */
const SPAN = {
  job: 'job_entrypoint',
  session: 'agent_session',
  machineDetection: ['answering_machine_detection', 'amd'],
  userTurn: 'user_turn',
  userSpeaking: 'user_speaking',
  /** From the user's silence to the decision; Python since 1.8. */
  endOfTurnWait: 'eou_wait',
  sessionClose: 'session_close',
  detection: 'eou_detection',
  agentTurn: 'agent_turn',
  agentSpeaking: 'agent_speaking',
  llm: 'llm_request',
  realtime: ['realtime_inference', 'realtime_metrics'],
  tts: 'tts_request',
  tool: 'function_tool',
} as const;

const LK = {
  /** The name that jobs are dispatched to; `gen_ai.agent.name` is the label of one agent of the session. */
  agentName: 'lk.agent_name',
  speechId: 'lk.speech_id',
  interrupted: 'lk.interrupted',
  /** `audio_activity`, `user_turn` and `programmatic`: the session's own `interrupt()`, a tool, the end. */
  interruptionSource: 'lk.interruption.source',
  /** Of speech over the agent, where the adaptive model judged it: the words `true` and `false`. */
  isInterruption: 'lk.is_interruption',
  closeReason: 'lk.close_reason',
  /** `committed`, `user_resumed` or `dropped`. */
  waitOutcome: 'lk.eou.outcome',
  requestIds: 'lk.provider_request_ids',
  /** Seconds in both languages. */
  e2eLatency: 'lk.e2e_latency',
  /** Milliseconds from JavaScript, seconds from Python; 0 is unknown in both. */
  endOfTurnDelay: 'lk.end_of_turn_delay',
  transcriptionDelay: 'lk.transcription_delay',
  llmMetrics: 'lk.llm_metrics',
  realtimeMetrics: 'lk.realtime_model_metrics',
  ttsMetrics: 'lk.tts_metrics',
  /** Class of the plugin, as `cartesia.TTS`. */
  ttsLabel: 'lk.tts.label',
  toolName: 'lk.function_tool.name',
  toolIsError: 'lk.function_tool.is_error',
  amdCategory: 'lk.amd.category',
  /** Attributes of the participant, where that is a telephone. */
  sipCallId: 'lk.sip.callID',
  sipRuleId: 'lk.sip.ruleID',
  sipTrunkId: 'lk.sip.trunkID',
  /** On every span that is uploaded; else only Python's job and session name the room by its id. */
  roomId: ['room_id', 'lk.room_sid'],
  eouProbability: 'lk.eou.probability',
  eouThreshold: 'lk.eou.unlikely_threshold',
  /** Milliseconds from JavaScript, seconds from Python. */
  endpointingDelay: 'lk.eou.endpointing_delay',
  /** What was said; without `pii` before 1.5. Of a reply: as far as it was spoken. */
  userTranscript: ['lk.pii.user_transcript', 'lk.user_transcript'],
  responseText: ['lk.pii.response.text', 'lk.response.text'],
} as const;

/** Seconds in one unit of a delay attribute, by `telemetry.sdk.language`. Of another language the unit is not known. */
const DELAY_UNIT: Readonly<Record<string, number>> = { nodejs: 1e-3, python: 1 };

/** Longer silences exist in the wild and are errors of measurement (60 s, 200 s, time since 1970). Seconds. */
const LONGEST_LATENCY = 30;

function read(span: SpanRecord, options: ReadOptions): Fact {
  const base = addPresent(factBase(span, jobCallId(span)), {
    requestIds: ids(span.attributes, LK.requestIds),
  });
  switch (span.name) {
    case SPAN.session:
      return addPresent(callFact(span, base), {
        transport: 'livekit',
        agentName: text(span.attributes, LK.agentName),
        roomId: roomOf(span.attributes),
        ...telephone(span.attributes),
      });
    // The job's function returns when the session has started, long before the call ends.
    case SPAN.job:
      return { ...otherFact(base), call: jobIn(span.attributes) };
    case SPAN.machineDetection[0]:
    case SPAN.machineDetection[1]:
      return { ...otherFact(base), call: present({ amdResult: text(span.attributes, LK.amdCategory) }) };
    case SPAN.userTurn:
      return userTurn(span, base, options);
    case SPAN.userSpeaking:
      return addPresent(base, {
        type: 'turn_part' as const,
        part: 'speech' as const,
        backchannel: text(span.attributes, LK.isInterruption) === 'false' || undefined,
      });
    // Python's user side goes on through the application's hook, which comes after the commit.
    case SPAN.endOfTurnWait:
      return text(span.attributes, LK.waitOutcome) === 'committed'
        ? { ...base, type: 'turn_part', part: 'commit' }
        : otherFact(base);
    case SPAN.sessionClose:
      return { ...otherFact(base), call: present({ endReason: text(span.attributes, LK.closeReason) }) };
    case SPAN.detection:
      return detection(span, base);
    case SPAN.agentTurn:
      return agentTurn(span, base, options);
    case SPAN.agentSpeaking:
      return stageFact(base, { stage: 'playback', playbackSource: 'observed' });
    case SPAN.llm:
    case SPAN.realtime[0]:
    case SPAN.realtime[1]:
      return llmRequest(span, base);
    case SPAN.tts:
      return synthesis(span, base);
    case SPAN.tool:
      return tool(span, base);
    default:
      return otherFact(base);
  }
}

const jobIn = (attributes: Attributes) =>
  present({ agentName: text(attributes, LK.agentName), roomId: roomOf(attributes) });

const roomOf = (attributes: Attributes): string | undefined =>
  id(attributes, LK.roomId[0]) ?? id(attributes, LK.roomId[1]);

/** The participant was a telephone. Only calls that came in were dispatched by a rule. */
function telephone(
  attributes: Attributes,
): Pick<CallFact, 'channel' | 'direction' | 'sipCallId' | 'sipTrunkId'> {
  const sipCallId = id(attributes, LK.sipCallId);
  if (sipCallId === undefined) return {};
  const isInbound = text(attributes, LK.sipRuleId) !== undefined;
  return present({
    channel: 'phone',
    direction: isInbound ? ('inbound' as const) : ('outbound' as const),
    sipCallId,
    sipTrunkId: id(attributes, LK.sipTrunkId),
  });
}

/** What the turn detector was asked, and said. */
function detection({ attributes, resource }: SpanRecord, base: FactBase): Fact {
  const unit = DELAY_UNIT[text(resource, 'telemetry.sdk.language') ?? ''];
  const said = present({
    probability: number(attributes, LK.eouProbability, { min: 0, max: 1 }),
    threshold: number(attributes, LK.eouThreshold, { min: 0, max: 1 }),
    delaySeconds: delay(attributes, LK.endpointingDelay, unit),
  });
  if (Object.keys(said).length === 0) return otherFact(base);
  return { ...base, type: 'turn_part', part: 'detection', detection: said };
}

/** A turn that was never committed (noise, a cough) is none. */
function userTurn(span: SpanRecord, base: FactBase, { captureContent }: ReadOptions): Fact {
  const { attributes, resource } = span;
  if (attributes[LK.endOfTurnDelay] === undefined) return otherFact(base);
  const unit = DELAY_UNIT[text(resource, 'telemetry.sdk.language') ?? ''];
  return addPresent(base, {
    type: 'turn_part' as const,
    part: 'user' as const,
    endOfTurnDelaySeconds: delay(attributes, LK.endOfTurnDelay, unit),
    transcriptionDelaySeconds: delay(attributes, LK.transcriptionDelay, unit),
    sttProvider: providerOf(text(attributes, GEN_AI.provider)),
    sttModel: modelOf(text(attributes, GEN_AI.requestModel)),
    words: captureContent ? words(attributes, LK.userTranscript) : undefined,
  }) satisfies TurnPartFact;
}

function delay(attributes: Attributes, name: string, unit: number | undefined): number | undefined {
  const value = number(attributes, name);
  if (value === undefined || unit === undefined || value <= 0) return undefined;
  const seconds = micros(value * unit) / 1e6;
  return seconds <= LONGEST_LATENCY ? seconds : undefined;
}

/** Before a realtime request had a span, its figures were on the reply. */
function agentTurn(span: SpanRecord, base: FactBase, { captureContent }: ReadOptions): TurnPartFact {
  const { attributes } = span;
  return addPresent(base, {
    type: 'turn_part' as const,
    part: 'agent' as const,
    replyKey: text(attributes, LK.speechId),
    request:
      attributes[LK.realtimeMetrics] === undefined ? undefined : { ...figuresOf(span), realtime: true },
    interrupted: flag(attributes, LK.interrupted),
    interruptedBy: interruptedBy(text(attributes, LK.interruptionSource)),
    reportedEouLatencySeconds:
      number(attributes, LK.e2eLatency, { min: 0, max: LONGEST_LATENCY }) || undefined,
    words: captureContent ? words(attributes, LK.responseText) : undefined,
  });
}

const interruptedBy = (source: string | undefined): TurnPartFact['interruptedBy'] =>
  source === undefined ? undefined : source === 'programmatic' ? 'program' : 'user';

/** What a request was billed as, and used: on the span, and in its metrics where the span lacks it. */
function figuresOf(span: SpanRecord): RequestFigures {
  const { attributes } = span;
  const metrics = metricsOf(attributes, LK.llmMetrics) ?? metricsOf(attributes, LK.realtimeMetrics);
  const names = modelNames(attributes);
  const provider = names.provider ?? metrics?.provider;
  const model = names.model ?? metrics?.model;
  const counts = { ...metrics?.tokens, ...tokenCounts(attributes) };
  return present({
    ...requestOf(attributes),
    ...names,
    provider,
    model,
    firstByteUs: afterStart(span, quantity(attributes, GEN_AI.timeToFirstChunk) ?? metrics?.firstByteSeconds),
    usage: knownTokens(someUsage(grossUsage(counts, countingOf(provider, model)))),
  });
}

/** `llm_request` holds the usage of its runs (retries); the runs hold none. */
function llmRequest(span: SpanRecord, base: FactBase): StageFact {
  const { attributes } = span;
  const metrics = metricsOf(attributes, LK.llmMetrics) ?? metricsOf(attributes, LK.realtimeMetrics);
  const finishReasons = finishReasonsOf(attributes);
  // A reply that was cut off or thrown away finishes with `error`, without being one.
  const cutOff = finishReasons?.includes('error') === true && base.errorType === undefined;
  const cancelled = metrics?.cancelled === true || cutOff;
  const figures = figuresOf(span);
  // Not cut off, and yet neither words nor usage: every run failed, and only the runs say how.
  const gaveNothing =
    metrics !== undefined && figures.firstByteUs === undefined && figures.usage === undefined;
  if (span.name === SPAN.llm && gaveNothing && !cancelled) base.errorType ??= '_OTHER';
  return stageFact(base, {
    ...figures,
    stage: 'llm',
    realtime: span.name !== SPAN.llm || undefined,
    cancelled: cancelled || undefined,
    finishReasons,
  });
}

/** Without metrics it was cut off before its first audio; of metrics that cannot be read nothing is known. */
function synthesis(span: SpanRecord, base: FactBase): StageFact {
  const named = modelNames(span.attributes);
  const provider = named.provider ?? providerOf(text(span.attributes, LK.ttsLabel));
  const { model } = named;
  const metrics = metricsOf(span.attributes, LK.ttsMetrics);
  if (metrics === undefined) {
    const cutOff = span.attributes[LK.ttsMetrics] === undefined && base.errorType === undefined;
    return stageFact(base, {
      stage: 'tts',
      provider,
      model,
      cancelled: cutOff || undefined,
      endUnknown: !cutOff || undefined,
    });
  }
  const { characters, audioSeconds, inputTokens, outputTokens } = metrics;
  const startUs = firstTextOf(span, metrics);
  base.startUs = startUs;
  return stageFact(base, {
    stage: 'tts',
    provider: metrics.provider ?? provider,
    model: metrics.model ?? model,
    firstByteUs: afterStart({ ...span, startUs }, metrics.firstByteSeconds),
    usage: someUsage(present({ characters, audioSeconds, inputTokens, outputTokens })),
    cancelled: metrics.cancelled || undefined,
  });
}

/**
 * The span of a stream starts when it is opened; its metrics say when its first text was sent. Of a stream with several
 * segments only the last one's metrics are left.
 */
function firstTextOf(span: SpanRecord, { takenUs, durationSeconds, streamed }: LiveKitMetrics): Micros {
  if (takenUs === undefined || durationSeconds === undefined || streamed === false) return span.startUs;
  return Math.min(Math.max(span.startUs, takenUs - micros(durationSeconds)), span.endUs);
}

function tool({ attributes }: SpanRecord, base: FactBase): StageFact {
  if (flag(attributes, LK.toolIsError) === true) base.errorType ??= 'tool_error';
  return stageFact(base, {
    stage: 'tool',
    toolName: text(attributes, GEN_AI.toolName) ?? text(attributes, LK.toolName),
  });
}
