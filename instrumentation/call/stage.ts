import {
  type Attributes,
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import type { Micros } from '../../model/facts.ts';
import { ATTR, EVENT, llmSpanName, OPERATION, SPAN, toolSpanName } from '../../model/semconv.ts';
import { USAGE_ATTRIBUTES } from '../../model/usage.ts';
import type { StageKind } from '../../model/vocabulary.ts';
import { AdoptedSpan, type Adoption } from './adoption.ts';
import type * as api from './api.ts';
import type { StageResult } from './api.ts';
import { type Instant, instantUs, nowUs, seconds } from './clock.ts';
import { capturesContent } from './content.ts';
import { AT, readArgument, readOptions, STAGE_RESULT, USAGE } from './options.ts';
import { withinRequest } from './scope.ts';
import { addEvent, endSpan, errorType, failSpan, guard, noSpan, startSpan } from './spans.ts';

export type { StageResult } from './api.ts';

/** What a stage may be started with: what applications know, and what only we do. */
export interface StageFacts extends api.StageFacts {
  /** Another library may have a span of the same work: then that one is written to. (Default: the stage has its own.) */
  adoption?: Adoption | undefined;
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

/** One stage of a turn, or of a call. It is one span. */
export class Stage implements api.Stage {
  readonly kind: StageKind;
  readonly startUs: Micros;
  readonly #owner: StageOwner | undefined;
  #soFar: (() => StageResult) | undefined;
  #open: (() => Span) | undefined;
  #opened: Span | undefined;
  #adopted: AdoptedSpan | undefined;
  readonly #parent: Context;
  #context: Context | undefined;
  /** Of the span when it has ended: a call goes on for an hour, and need not hold what its spans said. */
  #ids: SpanContext | undefined;
  #firstByteUs: Micros | undefined;
  #endUs: Micros | undefined;
  #cancelled = false;
  #failed = false;

  /** @param place Absent: the stage records nothing, and has ended. */
  constructor(kind: StageKind, facts: StageFacts, place: StagePlace | undefined) {
    this.kind = kind;
    this.startUs = place?.startUs ?? nowUs();
    this.#owner = place?.owner;
    this.#parent = place === undefined ? context.active() : (place.parent ?? ROOT_CONTEXT);
    if (place === undefined) {
      this.#endUs = this.startUs;
      this.#context = this.#parent;
      return;
    }
    const attributes = openingAttributes(kind, facts, place);
    this.#open = () =>
      guard('adopting a span', () => this.#adopt(facts, place, attributes)) ??
      start(kind, facts, place, attributes);
    const parent = this.#parent;
    // With an adoption the span is known once the request runs, and nothing is written before.
    const within = guard('adopting a span', () => facts.adoption?.contextIn(parent, () => this.requested()));
    if (within !== undefined) this.#context = this.#isRequest(within);
    else this.requested();
  }

  /** What is made in it is below the stage. */
  get context(): Context {
    // Made when it is asked for: a playback that goes on needs none.
    if (this.#opened !== undefined)
      this.#context ??= this.#isRequest(trace.setSpan(this.#parent, this.#opened));
    return (
      this.#context ??
      this.#isRequest(this.#ids ? trace.setSpanContext(this.#parent, this.#ids) : this.#parent)
    );
  }

  #isRequest(within: Context): Context {
    return this.kind === 'tool' ? within : withinRequest(within);
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

  get failed(): boolean {
    return this.#failed;
  }

  get spanId(): string {
    return (this.#ids ?? this.#span.spanContext()).spanId;
  }

  /** The request has been made: any other instrumentation has started its span by now. */
  requested(): void {
    void this.#span;
  }

  /** Reads the usage so far, which counts when the call ends before the stage does. */
  followed(soFar: () => StageResult): void {
    this.#soFar = soFar;
  }

  firstByte(at?: Instant): void {
    if (this.#firstByteUs !== undefined || this.ended) return;
    this.#firstByteUs = Math.max(this.startUs, instantUs(readArgument('Stage.firstByte', AT, 'at', at)));
    const ttfb = seconds(this.#firstByteUs - this.startUs);
    addEvent(this.#span, EVENT.firstByte, this.#firstByteUs);
    this.#set({ [ATTR.ttfb]: ttfb, ...(this.kind === 'llm' && { [ATTR.timeToFirstChunk]: ttfb }) });
    guard('following a stage', () => this.#owner?.stageFirstByte(this));
  }

  end(result?: StageResult): void {
    if (!this.ended) this.#finish(readResult('Stage.end', result));
  }

  cancel(result?: StageResult): void {
    if (!this.ended) this.#cancel(readResult('Stage.cancel', result));
  }

  /** The call ended before it did. */
  cutOff(at: Instant): void {
    const soFar = this.#soFar;
    this.cancel({ ...(soFar && guard('reading a result so far', soFar)), at });
  }

  fail(error: unknown, result?: StageResult): void {
    if (this.ended) return;
    const read = readResult('Stage.fail', result);
    if (guard('reading an error', () => isAbort(error))) this.#cancel(read);
    else {
      this.#failed = true;
      guard('marking a failed stage', () => failSpan(this.#span, error));
      this.#finish(read);
    }
  }

  setAttribute(name: string, value: string | number | boolean | number[]): void {
    if (!this.ended && typeof name === 'string') this.#set({ [name]: value });
  }

  #set(attributes: Attributes): void {
    guard('describing a stage', () => this.#span.setAttributes(attributes));
  }

  #cancel(result: StageResult): void {
    this.#cancelled = true;
    this.#set({
      [ATTR.stageCancelled]: true,
      ...(this.kind === 'playback' && { [ATTR.playbackInterrupted]: true }),
    });
    this.#finish(result);
  }

  #finish(result: StageResult): void {
    this.#endUs = Math.max(this.startUs, instantUs(result.at));
    const endUs = this.#endUs;
    const span = this.#span;
    const describe = () => this.#set(resultAttributes(this.kind, result));
    if (this.#adopted) this.#adopted.end(endUs, describe);
    else {
      describe();
      endSpan(span, this.startUs, endUs);
      this.#ids = span.spanContext();
      this.#opened = undefined;
      this.#context = undefined;
    }
    guard('following a stage', () => this.#owner?.stageEnded(this, result));
  }

  get #span(): Span {
    const span = this.#opened ?? this.#open?.() ?? noSpan();
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

/** What can be used of a result. */
function readResult(method: string, given: StageResult | undefined): StageResult {
  const result = readOptions(method, STAGE_RESULT, given);
  return { ...result, usage: readOptions(`${method}: usage`, USAGE, result.usage) };
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
  set(attributes, ATTR.serviceTier, result.serviceTier);
  if (result.finishReasons?.length) attributes[ATTR.finishReasons] = [...result.finishReasons];
  for (const [quantity, name] of USAGE_ATTRIBUTES) set(attributes, name, usage[quantity]);
  if (usage.estimated) attributes[ATTR.usageEstimated] = true;
  if (kind === 'llm' && result.text && capturesContent())
    attributes[ATTR.outputMessages] = JSON.stringify([
      { role: 'assistant', parts: [{ type: 'text', content: result.text }] },
    ]);
  return attributes;
}

function set(attributes: Attributes, name: string, value: string | number | boolean | undefined): void {
  if (value !== undefined && value !== '') attributes[name] = value;
}

const isAbort = (error: unknown): boolean =>
  /^(AbortError|APIUserAbortError)$/.test(errorType(error)) || isNamedAbort(error);

const isNamedAbort = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && (error as { name?: unknown }).name === 'AbortError';
