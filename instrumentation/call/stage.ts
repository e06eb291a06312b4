import {
  type Attributes,
  type Context,
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import type { Micros, StageKind, Usage } from '../../model/facts.ts';
import { ATTR, EVENT, llmSpanName, OPERATION, SPAN, toolSpanName } from '../../model/semconv.ts';
import { AdoptedSpan, type Adoption } from './adoption.ts';
import { type Instant, instantUs, seconds } from './clock.ts';
import { capturesContent } from './content.ts';
import { addEvent, endSpan, errorType, failSpan, guard, guardMethods, startSpan } from './spans.ts';

/** What is known of a stage when it starts. */
export interface StageFacts {
  /** Who runs the model, lower case: `deepgram`, `groq`, `cartesia`. */
  provider?: string | undefined;
  /** Model as requested. */
  model?: string | undefined;
  /** llm: the answer is streamed. stt: a live stream and not a recording; it is priced differently. (Default: absent; stt: true.) */
  streaming?: boolean | undefined;
  toolName?: string | undefined;
  toolCallId?: string | undefined;
  /** llm: the prompt as JSON. Written only when content capture is on. */
  inputMessages?: (() => string | undefined) | undefined;
  /** Somebody else may have a span of the same work: then that one is written to. (Default: the stage has its own.) */
  adoption?: Adoption | undefined;
}

/** What is known of a stage when it ends. Absent means unknown, never zero. */
export interface StageResult {
  usage?: Usage | undefined;
  responseModel?: string | undefined;
  responseId?: string | undefined;
  finishReasons?: readonly string[] | undefined;
  /** stt: the transcript; llm: the answer; tts: what was sent to be spoken. Scored in this process, written only when content capture is on. */
  text?: string | undefined;
  /** When it ended. (Default: now.) */
  at?: Instant | undefined;
}

/** What a stage tells the turn that it belongs to. */
export interface StageOwner {
  stageFirstByte(stage: Stage): void;
  stageEnded(stage: Stage, result: StageResult): void;
}

/** Where a stage span stands. */
export interface StagePlace {
  /** The turn's context, the call's, or the caller's when there is no call. Absent: root of its own trace. */
  parent?: Context | undefined;
  /** `voice.call.id` and `voice.turn.index`, as far as they are known. */
  attributes: Attributes;
  owner?: StageOwner | undefined;
  startUs: Micros;
}

const NAMES: Record<StageKind, (facts: StageFacts) => string> = {
  stt: () => SPAN.stt,
  llm: (facts) => llmSpanName(facts.model),
  tts: () => SPAN.tts,
  playback: () => SPAN.playback,
  tool: (facts) => toolSpanName(facts.toolName),
};

/**
 * One stage of a turn: transcription, a model request, a tool, synthesis, playback. It is one span.
 *
 * The first of `end`, `cancel` and `fail` wins and the others do nothing, so that every way out of a stream can say
 * what it knows. No method throws.
 */
export class Stage {
  readonly kind: StageKind;
  readonly startUs: Micros;
  /** The context in which the stage's own work runs, so that HTTP spans become its children. */
  readonly context: Context;
  readonly #owner: StageOwner | undefined;
  #soFar: (() => StageResult) | undefined;
  #open: (() => Span) | undefined;
  #opened: Span | undefined;
  #adopted: AdoptedSpan | undefined;
  #firstByteUs: Micros | undefined;
  #endUs: Micros | undefined;
  #cancelled = false;

  constructor(kind: StageKind, facts: StageFacts, place: StagePlace) {
    this.kind = kind;
    this.startUs = place.startUs;
    this.#owner = place.owner;
    const attributes = openingAttributes(kind, facts, place);
    this.#open = () =>
      guard('adopting a span', () => this.#adopt(facts, place, attributes)) ??
      start(kind, facts, place, attributes);
    const parent = place.parent ?? ROOT_CONTEXT;
    // With an adoption the span is known once the request runs, and nothing is written before.
    this.context =
      facts.adoption?.contextIn(parent, () => this.requested()) ?? trace.setSpan(parent, this.#span);
  }

  get ended(): boolean {
    return this.#endUs !== undefined;
  }

  get endUs(): Micros | undefined {
    return this.#endUs;
  }

  get firstByteUs(): Micros | undefined {
    return this.#firstByteUs;
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** The request has been made: whoever else has a span of it has started that by now. */
  requested(): void {
    void this.#span;
  }

  /** Somebody knows what it has come to so far: that counts when the call ends before the stage does. */
  followed(soFar: () => StageResult): void {
    this.#soFar = soFar;
  }

  /** The first result arrived. Counts once. */
  firstByte(at?: Instant): void {
    if (this.#firstByteUs !== undefined || this.ended) return;
    this.#firstByteUs = Math.max(this.startUs, instantUs(at));
    addEvent(this.#span, EVENT.firstByte, this.#firstByteUs);
    const ttfb = seconds(this.#firstByteUs - this.startUs);
    this.#span.setAttribute(ATTR.ttfb, ttfb);
    if (this.kind === 'llm') this.#span.setAttribute(ATTR.timeToFirstChunk, ttfb);
    this.#owner?.stageFirstByte(this);
  }

  /** The stage did what it was asked to. */
  end(result: StageResult = {}): void {
    this.#finish(result);
  }

  /** It was ended early on purpose: a barge-in, an abort, a `break`. Not an error. */
  cancel(result: StageResult = {}): void {
    if (this.ended) return;
    this.#cancelled = true;
    this.#set(ATTR.stageCancelled, true);
    if (this.kind === 'playback') this.#set(ATTR.playbackInterrupted, true);
    this.#finish(result);
  }

  /** The call ended before it did. */
  cutOff(at: Instant): void {
    const soFar = this.#soFar;
    this.cancel({ ...(soFar && guard('reading a result so far', soFar)), at });
  }

  /** It failed. Only the class of the error is recorded. An abort is a cancellation. */
  fail(error: unknown, result: StageResult = {}): void {
    if (this.ended) return;
    if (isAbort(error)) this.cancel(result);
    else {
      guard('marking a failed stage', () => failSpan(this.#span, error));
      this.#finish(result);
    }
  }

  /** Adds what only a particular kind of stage knows. */
  setAttribute(name: string, value: string | number | boolean): void {
    if (!this.ended) this.#set(name, value);
  }

  #set(name: string, value: string | number | boolean | string[] | undefined): void {
    if (value !== undefined) this.#span.setAttribute(name, value);
  }

  #finish(result: StageResult): void {
    if (this.ended) return;
    this.#endUs = Math.max(this.startUs, instantUs(result?.at));
    const endUs = this.#endUs;
    const span = this.#span;
    const describe = () =>
      void guard('describing a stage', () => span.setAttributes(resultAttributes(this.kind, result ?? {})));
    if (this.#adopted) this.#adopted.end(endUs, describe);
    else {
      describe();
      guard('ending a stage', () => endSpan(span, this.startUs, endUs));
    }
    this.#owner?.stageEnded(this, result ?? {});
  }

  get #span(): Span {
    const span = this.#opened ?? this.#open?.() ?? trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    this.#opened = span;
    this.#open = undefined;
    return span;
  }

  #adopt({ adoption }: StageFacts, place: StagePlace, attributes: Attributes): Span | undefined {
    const theirs = adoption?.span;
    if (!theirs) return undefined;
    const adopted = new AdoptedSpan(
      theirs,
      this.startUs,
      adoption.ending &&
        ((verdict) => {
          if (!this.ended) adoption.ending?.(verdict);
          if (!this.ended) this.end();
        }),
    );
    this.#adopted = adopted;
    theirs.setAttributes(missing(theirs, attributes));
    const turn = place.parent && trace.getSpanContext(place.parent);
    // It was started before we were asked, and so in another trace than its turn.
    if (turn && turn.traceId !== theirs.spanContext().traceId) theirs.addLink?.({ context: turn });
    return theirs;
  }
}

function start(kind: StageKind, facts: StageFacts, place: StagePlace, attributes: Attributes): Span {
  const model = kind === 'stt' || kind === 'llm' || kind === 'tts';
  return startSpan(
    NAMES[kind](facts),
    {
      kind: model ? SpanKind.CLIENT : SpanKind.INTERNAL,
      startUs: place.startUs,
      attributes,
    },
    place.parent,
  );
}

/** What a span does not say yet. Who answered is ours to say: others go by the name of the SDK, and prices by this. */
function missing(span: Span, attributes: Attributes): Attributes {
  const said = (span as Span & { attributes?: Attributes }).attributes ?? {};
  return Object.fromEntries(
    Object.entries(attributes).filter(([name]) => name === ATTR.providerName || said[name] === undefined),
  );
}

function openingAttributes(kind: StageKind, facts: StageFacts, place: StagePlace): Attributes {
  const { inputMessages } = facts;
  const attributes = { ...place.attributes, ...startAttributes(kind, facts, place.attributes[ATTR.callId]) };
  if (inputMessages && capturesContent())
    set(attributes, ATTR.inputMessages, guard('reading the prompt', inputMessages));
  return attributes;
}

function startAttributes(kind: StageKind, facts: StageFacts, callId: unknown): Attributes {
  const attributes: Attributes = { [ATTR.stage]: kind };
  if (kind !== 'playback') attributes[ATTR.operationName] = OPERATION[kind];
  if (kind !== 'playback' && typeof callId === 'string') attributes[ATTR.conversationId] = callId;
  set(attributes, ATTR.providerName, facts.provider);
  set(attributes, ATTR.requestModel, facts.model);
  set(attributes, ATTR.toolName, facts.toolName);
  set(attributes, ATTR.toolCallId, facts.toolCallId);
  if (kind === 'stt') attributes[ATTR.sttStreaming] = facts.streaming ?? true;
  else if (kind === 'llm') set(attributes, ATTR.requestStream, facts.streaming);
  return attributes;
}

function resultAttributes(kind: StageKind, result: StageResult): Attributes {
  const { usage = {} } = result;
  const attributes: Attributes = {};
  set(attributes, ATTR.responseModel, result.responseModel);
  set(attributes, ATTR.responseId, result.responseId);
  if (result.finishReasons?.length) attributes[ATTR.finishReasons] = [...result.finishReasons];
  setQuantity(attributes, ATTR.inputTokens, usage.inputTokens);
  setQuantity(attributes, ATTR.cachedInputTokens, usage.cachedInputTokens);
  setQuantity(attributes, ATTR.cacheCreationInputTokens, usage.cacheCreationInputTokens);
  setQuantity(attributes, ATTR.inputAudioTokens, usage.inputAudioTokens);
  setQuantity(attributes, ATTR.cachedInputAudioTokens, usage.cachedInputAudioTokens);
  setQuantity(attributes, ATTR.outputTokens, usage.outputTokens);
  setQuantity(attributes, ATTR.outputAudioTokens, usage.outputAudioTokens);
  setQuantity(attributes, ATTR.reasoningTokens, usage.reasoningTokens);
  setQuantity(attributes, ATTR.usageCharacters, usage.characters);
  setQuantity(attributes, ATTR.usageAudioSeconds, usage.audioSeconds);
  if (usage.estimated) attributes[ATTR.usageEstimated] = true;
  if (kind === 'llm' && result.text && capturesContent())
    attributes[ATTR.outputMessages] = JSON.stringify([
      { role: 'assistant', parts: [{ type: 'text', content: result.text }] },
    ]);
  return attributes;
}

function set(attributes: Attributes, name: string, value: string | boolean | undefined): void {
  if (value !== undefined && value !== '') attributes[name] = value;
}

function setQuantity(attributes: Attributes, name: string, value: number | undefined): void {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) attributes[name] = value;
}

const isAbort = (error: unknown): boolean =>
  /^(AbortError|APIUserAbortError)$/.test(errorType(error)) || isNamedAbort(error);

const isNamedAbort = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && (error as { name?: unknown }).name === 'AbortError';

guardMethods(Stage);
