import type { Fact, FactBase, Micros, StageFact, TurnFact, Usage } from '../../model/facts.ts';
import { llmSpanName, SPAN } from '../../model/semconv.ts';
import type { EouSource, InterruptionKind } from '../../model/vocabulary.ts';
import { EOU_SOURCES, INITIATORS, INTERRUPTION_KINDS, type Initiator } from '../../model/vocabulary.ts';
import { addPresent } from '../dialects/attributes.ts';
import { InvalidRecordError } from '../kit/errors.ts';
import {
  between,
  count,
  date,
  type Fields,
  flag,
  id,
  index,
  oneOf,
  seconds,
  text,
  validate,
} from './fields.ts';
import { idsOf } from './ids.ts';

/** One turn in numbers, for programs that measure by themselves. Latencies are seconds, as the design defines them. */
export interface TurnRecord {
  callId: string;
  /** Counts from 0 in the call. A turn that is recorded again counts once: the first record stands. */
  turnIndex: number;
  /** (Default: `endedAt`.) */
  startedAt?: Date;
  /** (Default: now.) */
  endedAt?: Date;
  /** Who began. (Default: the user.) */
  initiator?: Initiator;

  /** STT start → first transcript of the utterance. */
  ttfbStt?: number;
  /** End of utterance → final transcript. */
  latencyStt?: number;
  /** Request → first content or tool call. */
  ttfbLlm?: number;
  /** Request → end of the answer. */
  latencyLlm?: number;
  /** First text sent → first audio byte. */
  ttfbTts?: number;
  /** First text sent → last audio byte. */
  latencyTts?: number;
  /** End of utterance → playback start. */
  eouLatency?: number;
  /** How the end of utterance was known. (Default: `turn_start`.) */
  eouSource?: EouSource;

  sttProvider?: string;
  sttModel?: string;
  /** A live stream (true) or a recording: priced differently. (Default: true.) */
  sttStreaming?: boolean;
  /** Audio transcribed. */
  sttAudioSeconds?: number;
  llmProvider?: string;
  llmModel?: string;
  /** Cached ones included. */
  llmInputTokens?: number;
  llmCachedTokens?: number;
  llmOutputTokens?: number;
  ttsProvider?: string;
  ttsModel?: string;
  ttsCharacters?: number;
  /** Audio synthesised. */
  ttsAudioSeconds?: number;
  /** The usage is an estimate, not the providers' own. */
  usageEstimated?: boolean;

  interrupted?: boolean;
  interruptionKind?: InterruptionKind;
  /** -1 to 1. */
  sentimentScore?: number;
  /** Kept only when content capture is switched on. */
  userText?: string;
  /** Kept only when content capture is switched on. */
  agentText?: string;
  /** Class of the error, never its message. */
  errorType?: string;
}

const FIELDS: Fields<TurnRecord> = {
  callId: id,
  turnIndex: index,
  startedAt: date,
  endedAt: date,
  initiator: oneOf(INITIATORS),
  ttfbStt: seconds,
  latencyStt: seconds,
  ttfbLlm: seconds,
  latencyLlm: seconds,
  ttfbTts: seconds,
  latencyTts: seconds,
  eouLatency: seconds,
  eouSource: oneOf(EOU_SOURCES),
  sttProvider: text,
  sttModel: text,
  sttStreaming: flag,
  sttAudioSeconds: seconds,
  llmProvider: text,
  llmModel: text,
  llmInputTokens: count,
  llmCachedTokens: count,
  llmOutputTokens: count,
  ttsProvider: text,
  ttsModel: text,
  ttsCharacters: count,
  ttsAudioSeconds: seconds,
  usageEstimated: flag,
  interrupted: flag,
  interruptionKind: oneOf(INTERRUPTION_KINDS),
  sentimentScore: between(-1, 1),
  userText: text,
  agentText: text,
  errorType: text,
};

/** The program that records, as the resource of spans would name it. */
export interface ServiceNames {
  serviceName: string | undefined;
  serviceVersion?: string | undefined;
  deploymentEnvironment?: string | undefined;
}

/** What the record does not say. */
export interface RecordContext extends ServiceNames {
  nowUs: Micros;
  captureContent: boolean;
}

/**
 * A turn record as facts: those that spans would have given, with figures in place of marks.
 * @throws TypeError for a record that is not valid, naming the field.
 */
export function turnFacts(record: TurnRecord, context: RecordContext): Fact[] {
  validate('turn', record, FIELDS, ['callId', 'turnIndex']);
  const { callId, turnIndex } = record;
  const endUs = record.endedAt === undefined ? context.nowUs : record.endedAt.getTime() * 1_000;
  const startUs = record.startedAt === undefined ? endUs : record.startedAt.getTime() * 1_000;
  if (endUs < startUs) throw new InvalidRecordError('turn.endedAt is before turn.startedAt.');
  const turn: FactBase = addPresent(
    { ...idsOf('turn', callId, turnIndex), callId, name: SPAN.turn, startUs, endUs },
    { serviceName: context.serviceName },
  );
  const { serviceVersion, deploymentEnvironment } = context;
  const fact = addPresent(turnFact(record, turn, context), { serviceVersion, deploymentEnvironment });
  return [fact, ...stageFacts(record, turn)];
}

function turnFact(record: TurnRecord, base: FactBase, { captureContent }: RecordContext): TurnFact {
  const { interruptionKind: kind, eouSource } = record;
  return addPresent(
    { ...base },
    {
      type: 'turn' as const,
      turnIndex: record.turnIndex,
      initiator: record.initiator ?? 'user',
      // The figure needs an instant to count from; only a source that is named claims that it is the utterance's end.
      speechEndedUs: eouSource === undefined || eouSource === 'turn_start' ? undefined : base.startUs,
      eouSource,
      reportedEouLatencySeconds: record.eouLatency,
      reportedLatencies: addPresent(
        {},
        {
          ttfb_stt: record.ttfbStt,
          latency_stt: record.latencyStt,
          ttfb_llm: record.ttfbLlm,
          latency_llm: record.latencyLlm,
          ttfb_tts: record.ttfbTts,
          latency_tts: record.latencyTts,
        },
      ),
      interrupted: record.interrupted,
      interruptions: kind === undefined ? undefined : [{ kind, atUs: base.endUs }],
      sentimentScore: record.sentimentScore,
      userText: captureContent ? record.userText || undefined : undefined,
      agentText: captureContent ? record.agentText || undefined : undefined,
      errorType: record.errorType || undefined,
    },
  );
}

function stageFacts(record: TurnRecord, turn: FactBase): StageFact[] {
  const { sttStreaming: streaming } = record;
  return [
    stageFact('stt', turn, record, {
      provider: record.sttProvider,
      model: record.sttModel,
      streaming,
      usage: { audioSeconds: record.sttAudioSeconds },
    }),
    stageFact('llm', turn, record, {
      provider: record.llmProvider,
      model: record.llmModel,
      usage: {
        inputTokens: record.llmInputTokens,
        cachedInputTokens: record.llmCachedTokens,
        outputTokens: record.llmOutputTokens,
      },
    }),
    stageFact('tts', turn, record, {
      provider: record.ttsProvider,
      model: record.ttsModel,
      usage: { characters: record.ttsCharacters, audioSeconds: record.ttsAudioSeconds },
    }),
  ].filter((fact) => fact !== undefined);
}

interface StageParts {
  provider: string | undefined;
  model: string | undefined;
  streaming?: boolean | undefined;
  usage: { [Key in keyof Usage]: Usage[Key] | undefined };
}

/** Undefined when the record says nothing of the stage. */
function stageFact(
  stage: 'stt' | 'llm' | 'tts',
  { callId, traceId, spanId: parentSpanId, startUs, endUs, serviceName }: FactBase,
  { turnIndex, usageEstimated }: TurnRecord,
  { provider, model, streaming, usage }: StageParts,
): StageFact | undefined {
  const used: Usage = addPresent({}, usage);
  const hasUsage = Object.keys(used).length > 0;
  if (provider === undefined && model === undefined && !hasUsage) return undefined;
  if (hasUsage && usageEstimated !== undefined) used.estimated = usageEstimated;
  const { spanId } = idsOf(stage, callId, turnIndex);
  return addPresent(
    {
      traceId,
      spanId,
      parentSpanId,
      callId,
      name: stage === 'llm' ? llmSpanName(model) : SPAN[stage],
      startUs,
      endUs,
    },
    {
      type: 'stage' as const,
      stage,
      turnIndex,
      provider: provider || undefined,
      model: model || undefined,
      streaming,
      usage: hasUsage ? used : undefined,
      serviceName,
    },
  );
}
