import type { Fact, FactBase, Micros, StageFact, TurnPartFact, Usage } from '../facts.ts';
import type { SpanRecord } from '../span-record.ts';
import { type Attributes, addPresent, count, flag, number, present, quantity, text } from './attributes.ts';
import { type Dialect, factBase, traceCallId } from './dialect.ts';
import { callFact } from './earshot.ts';
import { GEN_AI } from './names.ts';
import { modelOf, providerOf } from './providers.ts';
import {
  afterStart,
  finishReasonsOf,
  jsonField,
  jsonObject,
  knownTokens,
  micros,
  modelNames,
  otherFact,
  someUsage,
  stageFact,
  tokenUsage,
} from './stages.ts';

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
} as const;

/** Seconds in one unit of a delay attribute, by `telemetry.sdk.language`. Of another language the unit is not known. */
const DELAY_UNIT: Readonly<Record<string, number>> = { nodejs: 1e-3, python: 1 };

/** Longer silences exist in the wild and are errors of measurement (60 s, 200 s, time since 1970). Seconds. */
const LONGEST_LATENCY = 30;

/** A day: nothing in a call is longer. */
const LONGEST_SECONDS = 86_400;

/** The metrics objects: JavaScript has milliseconds and names that end in `Ms`, Python seconds. -1 is unknown in both. */
const METRICS = {
  llm: { js: 'ttftMs', python: 'ttft' },
  tts: { js: 'ttfbMs', python: 'ttfb' },
  duration: { js: 'durationMs', python: 'duration' },
  audio: { js: 'audioDurationMs', python: 'audio_duration' },
  characters: { js: 'charactersCount', python: 'characters_count' },
  inputTokens: { js: 'inputTokens', python: 'input_tokens' },
  outputTokens: { js: 'outputTokens', python: 'output_tokens' },
  provider: { js: 'modelProvider', python: 'model_provider' },
  model: { js: 'modelName', python: 'model_name' },
} as const;

type Language = 'js' | 'python';

function read(span: SpanRecord): Fact {
  const base = factBase(span, traceCallId(span));
  switch (span.name) {
    case SPAN.session:
      return addPresent(callFact(span, base), {
        transport: 'livekit',
        agentName: text(span.attributes, LK.agentName),
      });
    // The job's function returns when the session has started, long before the call ends.
    case SPAN.job:
      return { ...otherFact(base), call: present({ agentName: text(span.attributes, LK.agentName) }) };
    case SPAN.machineDetection[0]:
    case SPAN.machineDetection[1]:
      return { ...otherFact(base), call: present({ amdResult: text(span.attributes, LK.amdCategory) }) };
    case SPAN.userTurn:
      return userTurn(span, base);
    case SPAN.agentTurn:
      return agentTurn(span, base);
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

/** A turn that was never committed (noise, a cough) is none. */
function userTurn(span: SpanRecord, base: FactBase): Fact {
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
  }) satisfies TurnPartFact;
}

function delay(attributes: Attributes, name: string, unit: number | undefined): number | undefined {
  const value = number(attributes, name);
  if (value === undefined || unit === undefined || value <= 0) return undefined;
  const seconds = micros(value * unit) / 1e6;
  return seconds <= LONGEST_LATENCY ? seconds : undefined;
}

function agentTurn({ attributes }: SpanRecord, base: FactBase): TurnPartFact {
  return addPresent(base, {
    type: 'turn_part' as const,
    part: 'agent' as const,
    replyKey: text(attributes, LK.speechId),
    interrupted: flag(attributes, LK.interrupted),
    reportedEouLatencySeconds: number(attributes, LK.e2eLatency, { min: 0, max: LONGEST_LATENCY }),
  });
}

/** `llm_request` holds the usage of its runs (retries); the runs hold none. */
function llmRequest(span: SpanRecord, base: FactBase): StageFact {
  const { attributes } = span;
  const metrics = jsonObject(attributes, LK.llmMetrics) ?? jsonObject(attributes, LK.realtimeMetrics);
  const finishReasons = finishReasonsOf(attributes);
  // A reply that was cut off or thrown away finishes with `error`, without being one.
  const cutOff = finishReasons?.includes('error') === true && base.errorType === undefined;
  const cancelled = flag(metrics ?? {}, 'cancelled') === true || cutOff;
  const firstByteUs = afterStart(span, quantity(attributes, GEN_AI.timeToFirstChunk) ?? ttft(metrics));
  const usage = knownTokens(tokenUsage(attributes));
  // Not cut off, and yet neither words nor usage: every run failed, and only the runs say how.
  const gaveNothing = metrics !== undefined && firstByteUs === undefined && usage === undefined;
  if (span.name === SPAN.llm && gaveNothing && !cancelled) base.errorType ??= '_OTHER';
  return stageFact(base, {
    ...modelNames(attributes),
    stage: 'llm',
    firstByteUs,
    usage,
    cancelled: cancelled || undefined,
    finishReasons,
  });
}

const ttft = (metrics: Attributes | undefined): number | undefined =>
  metrics && seconds(metrics, METRICS.llm, languageOf(metrics));

/**
 * The span of a stream starts when it is opened; the metrics say when its first text was sent (`timestamp` is the end,
 * epoch milliseconds or seconds). Of a stream with several segments only the last one's metrics are left.
 */
function synthesis(span: SpanRecord, base: FactBase): StageFact {
  const { attributes } = span;
  const label = text(attributes, LK.ttsLabel);
  const metrics = jsonObject(attributes, LK.ttsMetrics);
  if (metrics === undefined) {
    return stageFact(base, { stage: 'tts', provider: providerOf(label), cancelled: true });
  }
  const language = languageOf(metrics);
  const meta = jsonField(metrics, 'metadata');
  const times = synthesisTimes(span, metrics, language);
  base.startUs = times.startUs;
  return stageFact(base, {
    stage: 'tts',
    provider: providerOf(text(meta, METRICS.provider[language])) ?? providerOf(label),
    model: modelOf(text(meta, METRICS.model[language])),
    firstByteUs: times.firstByteUs,
    usage: synthesisUsage(metrics, language),
    cancelled: flag(metrics, 'cancelled') || undefined,
  });
}

function synthesisTimes(
  span: SpanRecord,
  metrics: Attributes,
  language: Language,
): { startUs: Micros; firstByteUs?: Micros | undefined } {
  const at = number(metrics, 'timestamp', { min: 1 });
  const duration = seconds(metrics, METRICS.duration, language);
  const toFirstByte = seconds(metrics, METRICS.tts, language);
  if (at === undefined || duration === undefined || flag(metrics, 'streamed') === false) {
    return { startUs: span.startUs, firstByteUs: afterStart(span, toFirstByte) };
  }
  const endUs = Math.round(language === 'js' ? at * 1e3 : at * 1e6);
  const startUs = Math.min(Math.max(span.startUs, endUs - micros(duration)), span.endUs);
  return { startUs, firstByteUs: afterStart({ ...span, startUs }, toFirstByte) };
}

function synthesisUsage(metrics: Attributes, language: Language): Usage | undefined {
  const tokens = (name: { js: string; python: string }) => count(metrics, name[language]) || undefined;
  return someUsage(
    present({
      characters: count(metrics, METRICS.characters[language]),
      audioSeconds: seconds(metrics, METRICS.audio, language),
      inputTokens: tokens(METRICS.inputTokens),
      outputTokens: tokens(METRICS.outputTokens),
    }),
  );
}

function tool({ attributes }: SpanRecord, base: FactBase): StageFact {
  if (flag(attributes, LK.toolIsError) === true) base.errorType ??= 'tool_error';
  return stageFact(base, {
    stage: 'tool',
    toolName: text(attributes, GEN_AI.toolName) ?? text(attributes, LK.toolName),
  });
}

const languageOf = (metrics: Attributes): Language => (METRICS.duration.js in metrics ? 'js' : 'python');

/** A duration in seconds; a sentinel below 0 is absent. */
function seconds(
  metrics: Attributes,
  name: { js: string; python: string },
  language: Language,
): number | undefined {
  const value = number(metrics, name[language], { min: 0, max: LONGEST_SECONDS * 1e3 });
  return value === undefined ? undefined : micros(language === 'js' ? value / 1e3 : value) / 1e6;
}
