import { ATTR, EVENT, llmSpanName, OPERATION, SPAN, toolSpanName } from '../../model/semconv.ts';
import type { SpanRecord, SpanRecordEvent } from '../../model/span-record.ts';
import { DEMO_TAG } from '../tag.ts';
import type { SimulatedTurn } from './conversation.ts';
import type { SimulatedStage } from './reply.ts';
import type { SimulatedCall } from './weeks.ts';

/** The tag with the language that is spoken. */
const LANGUAGE_TAG = 'language';

/** The scope of LiveKit's spans, and the one of them that shows when a user's voice is heard. */
const LIVEKIT = { scopeName: 'livekit-agents', userSpeaking: 'user_speaking' } as const;
const STATUS_ERROR = 2;

/** A simulated call as the spans that its agent would have sent. Pure: the same call gives the same spans. */
export function spansOf(call: SimulatedCall): SpanRecord[] {
  const write = new SpanWriter(call);
  write.call();
  for (const [index, turn] of call.turns.entries()) write.turn(turn, index);
  return write.spans;
}

type Attributes = Readonly<Record<string, unknown>>;

interface Span {
  readonly name: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Attributes;
  readonly events?: readonly SpanRecordEvent[];
  readonly failed?: boolean;
  readonly scopeName?: string;
}

/** Of one call. */
class SpanWriter {
  readonly spans: SpanRecord[] = [];
  readonly #call: SimulatedCall;
  readonly #resource: Attributes;

  constructor(call: SimulatedCall) {
    this.#call = call;
    this.#resource = {
      [ATTR.serviceName]: `${call.agent.name}-agent`,
      [ATTR.serviceVersion]: call.version.version,
      [ATTR.deploymentEnvironment]: 'production',
      [ATTR.cloudRegion]: 'eu-central-1',
      [`${ATTR.tag}.${DEMO_TAG}`]: 'true',
    };
  }

  call(): void {
    const { agent, campaign, customer, endReason, language, outcome, seconds, sipStatusCode, amdResult } =
      this.#call;
    const { direction, transport, name } = agent;
    this.#add(0, undefined, {
      name: SPAN.call,
      startedAt: 0,
      endedAt: seconds,
      attributes: known({
        [ATTR.agentName]: name,
        [ATTR.callDirection]: direction,
        [ATTR.callChannel]: direction === 'web' ? 'web' : 'phone',
        [ATTR.transport]: transport,
        [ATTR.campaignId]: campaign,
        [ATTR.customerId]: customer,
        [`${ATTR.tag}.${LANGUAGE_TAG}`]: language,
        [ATTR.outcome]: outcome,
        [ATTR.sipStatusCode]: sipStatusCode,
        [ATTR.amdResult]: amdResult,
        [ATTR.endReason]: endReason,
      }),
    });
  }

  turn(turn: SimulatedTurn, index: number): void {
    const trace = index + 1;
    const { stretches, commits, stages, interruptions, initiator, cutOffBy, sentiment } = turn;
    const id = this.#add(trace, undefined, {
      name: SPAN.turn,
      ...timesOf(turn),
      attributes: known({
        [ATTR.turnIndex]: index,
        [ATTR.turnInitiator]: initiator,
        [ATTR.turnInterrupted]: interruptions.some(({ kind }) => kind === 'barge_in'),
        [ATTR.turnCutOffBy]: cutOffBy,
        [ATTR.eouSource]: initiator === 'user' ? 'vad' : undefined,
        [ATTR.sentimentScore]: sentiment,
      }),
      events: [
        ...stretches.flatMap(({ startedAt, endedAt }) => [
          this.#event(EVENT.userSpeechStarted, startedAt),
          this.#event(EVENT.userSpeechEnded, endedAt),
        ]),
        ...commits.map((at) => this.#event(EVENT.turnCommitted, at)),
        ...interruptions.map(({ kind, at, timeToSilence }) =>
          this.#event(
            EVENT.interruption,
            at,
            known({ [ATTR.interruptionKind]: kind, [ATTR.interruptionTimeToSilence]: timeToSilence }),
          ),
        ),
      ],
    });
    for (const stage of stages) this.#stage(stage, index, { trace, id });
    if (!this.#call.agent.showsVoice) return;
    for (const stretch of stretches)
      this.#add(trace, id, {
        name: LIVEKIT.userSpeaking,
        ...stretch,
        attributes: {},
        scopeName: LIVEKIT.scopeName,
      });
  }

  #stage(stage: SimulatedStage, turnIndex: number, turn: { trace: number; id: string }): void {
    const { kind, by, cancelled, errorType, finishReason, toolName, firstByteAt } = stage;
    this.#add(turn.trace, turn.id, {
      name: { ...SPAN, llm: llmSpanName(by?.model), tool: toolSpanName(toolName) }[kind],
      ...timesOf(stage),
      failed: errorType !== undefined,
      attributes: known({
        [ATTR.stage]: kind,
        [ATTR.turnIndex]: turnIndex,
        [ATTR.operationName]: kind === 'playback' ? undefined : OPERATION[kind],
        [ATTR.providerName]: by?.provider,
        [ATTR.requestModel]: by?.model,
        [ATTR.inputTokens]: stage.inputTokens,
        [ATTR.cachedInputTokens]: stage.cachedInputTokens,
        [ATTR.outputTokens]: stage.outputTokens,
        [ATTR.usageCharacters]: stage.characters,
        [ATTR.usageAudioSeconds]: stage.audioSeconds,
        [ATTR.usageEstimated]: cancelled === true && kind === 'llm' ? true : undefined,
        [ATTR.sttStreaming]: kind === 'stt' ? true : undefined,
        [ATTR.stageCancelled]: cancelled,
        [ATTR.errorType]: errorType,
        [ATTR.finishReasons]: finishReason === undefined ? undefined : [finishReason],
        [ATTR.toolName]: toolName,
        [ATTR.playbackSource]: kind === 'playback' ? 'observed' : undefined,
        [ATTR.playbackInterrupted]: kind === 'playback' ? cancelled : undefined,
      }),
      events: firstByteAt === undefined ? [] : [this.#event(EVENT.firstByte, firstByteAt)],
    });
  }

  /** @returns the id of the span. */
  #add(trace: number, parentSpanId: string | undefined, span: Span): string {
    const { callId, traceSeed } = this.#call;
    const spanId = hex(this.spans.length + 1, 16);
    this.spans.push({
      traceId: `${hashOf(callId)}${hex(traceSeed, 12)}${hex(trace, 12)}`,
      spanId,
      ...(parentSpanId !== undefined && { parentSpanId }),
      name: span.name,
      startUs: this.#instant(span.startedAt),
      endUs: this.#instant(span.endedAt),
      statusCode: span.failed === true ? STATUS_ERROR : 0,
      attributes: { [ATTR.callId]: callId, ...span.attributes },
      events: span.events ?? [],
      resource: this.#resource,
      ...(span.scopeName !== undefined && { scopeName: span.scopeName }),
    });
    return spanId;
  }

  #event(name: string, at: number, attributes?: Attributes): SpanRecordEvent {
    return { name, timeUs: this.#instant(at), ...(attributes !== undefined && { attributes }) };
  }

  #instant(seconds: number): number {
    return this.#call.startUs + Math.round(seconds * 1e6);
  }
}

const timesOf = ({ startedAt, endedAt }: SimulatedTurn | SimulatedStage) => ({ startedAt, endedAt });

/** Without what is not known. */
const known = (attributes: Attributes): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));

const hex = (number: number, digits: number): string => number.toString(16).padStart(digits, '0');

/** Eight hexadecimal digits, the same for the same text (FNV-1a). */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hex(hash >>> 0, 8);
}
