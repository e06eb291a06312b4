import { type Attributes, type Context, type Link, type Span, SpanKind, trace } from '@opentelemetry/api';
import type { EouSource, Interruption, Micros, StageKind } from '../../model/facts.ts';
import { ATTR, SPAN } from '../../model/semconv.ts';
import { type Instant, instantUs, seconds } from './clock.ts';
import { appendText, capturesContent } from './content.ts';
import { endSpan, failSpan, guard, guardMethods, startSpan } from './spans.ts';
import { Stage, type StageFacts, type StageOwner, type StageResult } from './stage.ts';
import { TurnMarks } from './turn-marks.ts';

/** What a turn needs of its call. */
export interface TurnHost {
  readonly id: string;
  /** The call's context: its scope and its span. */
  readonly context: Context;
  /** Sentiment of the user's words, -1 to 1; undefined when unknown. */
  scoreSentiment(text: string): number | undefined;
  stageStarted(stage: Stage): void;
  /** A stage gave its first byte, or ended with `result`; a playback began. */
  stageChanged(turn: Turn, stage: Stage, result?: StageResult): void;
  turnEnded(turn: Turn): void;
}

export interface TurnInit {
  index: number;
  initiator: 'user' | 'agent';
  startUs: Micros;
  /** Opened by the application, which also ends it. */
  manual: boolean;
  previous?: Turn | undefined;
}

export interface SpeechMark {
  /** (Default: now.) */
  at?: Instant | undefined;
  /** How it is known; a better source beats a later mark. (Default: `vad`.) */
  source?: EouSource | undefined;
}

export interface TurnEnd {
  /** (Default: now.) */
  at?: Instant | undefined;
  /** Why the turn failed, when it did. Only the class is recorded. */
  error?: unknown;
}

/**
 * One exchange: the user speaks (or the agent opens) and the agent answers. It is one trace.
 *
 * Marks may come late, twice or never: until the agent is heard the last word counts, and after `end` nothing does.
 * No method throws.
 */
export class Turn implements StageOwner {
  /** Counts from 0 in the call. */
  readonly index: number;
  readonly initiator: 'user' | 'agent';
  readonly startUs: Micros;
  readonly manual: boolean;
  /** The context in which the turn's work runs. */
  readonly context: Context;
  readonly #host: TurnHost;
  readonly #span: Span;
  readonly #openStages = new Set<Stage>();
  readonly #marks = new TurnMarks();
  #playback: Stage | undefined;
  #playbackStartedUs: Micros | undefined;
  #playbackEndedUs: Micros | undefined;
  #firstTtsByteUs: Micros | undefined;
  #userText: string | undefined;
  #agentText: string | undefined;
  /** What was sent to be spoken: the agent's words where no model gave them, such as a greeting. */
  #spokenText: string | undefined;
  #ended = false;

  constructor(host: TurnHost, init: TurnInit) {
    this.#host = host;
    this.index = init.index;
    this.initiator = init.initiator;
    this.startUs = init.startUs;
    this.manual = init.manual;
    this.#span = startSpan(
      SPAN.turn,
      {
        kind: SpanKind.SERVER,
        startUs: init.startUs,
        links: links(host.context, init.previous?.context),
        attributes: { ...this.#identity(), [ATTR.turnInitiator]: init.initiator },
      },
      undefined,
    );
    this.context = trace.setSpan(host.context, this.#span);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The agent was heard, or is. */
  get answered(): boolean {
    return this.#playbackStartedUs !== undefined;
  }

  /** The agent is being heard. */
  get playing(): boolean {
    return this.#playback !== undefined && !this.#playback.ended;
  }

  get playbackStartedUs(): Micros | undefined {
    return this.#playbackStartedUs;
  }

  get playbackEndedUs(): Micros | undefined {
    return this.#playbackEndedUs;
  }

  get firstTtsByteUs(): Micros | undefined {
    return this.#firstTtsByteUs;
  }

  get openStages(): ReadonlySet<Stage> {
    return this.#openStages;
  }

  get userText(): string | undefined {
    return this.#userText;
  }

  get agentText(): string | undefined {
    return this.#agentText ?? this.#spokenText;
  }

  /** The user began to speak. The first start counts; one that follows an end means that the user went on. */
  userSpeechStarted({ at }: SpeechMark = {}): void {
    if (!this.#ended) this.#marks.speechStarted(instantUs(at));
  }

  /** The user stopped speaking: the instant of the silence, not of the message that reported it. */
  userSpeechEnded({ at, source = 'vad' }: SpeechMark = {}): void {
    if (!this.#ended) this.#marks.speechEnded(instantUs(at), source, this.#playbackStartedUs);
  }

  /** The user's words were accepted as finished. Until the agent is heard, the last time counts. */
  committed(at?: Instant): void {
    if (!this.#ended) this.#marks.committed(instantUs(at), this.#playbackStartedUs);
  }

  /** Adds to what the user said. Scored in this process; written only when content capture is on. */
  addUserText(text: string): void {
    if (!this.#ended && typeof text === 'string') this.#userText = appendText(this.#userText, text);
  }

  /** Adds to what the agent answered. */
  addAgentText(text: string): void {
    if (!this.#ended && typeof text === 'string') this.#agentText = appendText(this.#agentText, text);
  }

  startStt(facts: StageFacts & { at?: Instant } = {}): Stage {
    return this.startStage('stt', facts);
  }

  startLlm(facts: StageFacts & { at?: Instant } = {}): Stage {
    return this.startStage('llm', facts);
  }

  startTool(facts: StageFacts & { at?: Instant } = {}): Stage {
    return this.startStage('tool', facts);
  }

  startTts(facts: StageFacts & { at?: Instant } = {}): Stage {
    return this.startStage('tts', facts);
  }

  /** The agent is heard from now on. While it plays, the same playback is given back. */
  startPlayback(options: { at?: Instant; source?: 'observed' | 'estimated' } = {}): Stage {
    const { at, source = 'observed' } = options ?? {};
    if (this.#playback && !this.#playback.ended) return this.#playback;
    const playback = this.startStage('playback', { at });
    if (this.#ended) return playback;
    this.#playback = playback;
    playback.setAttribute(ATTR.playbackSource, source);
    // A second playback of the turn never moves the first instant at which the caller heard an answer.
    this.#playbackStartedUs ??= playback.startUs;
    this.#host.stageChanged(this, playback);
    return playback;
  }

  /** Opens a stage of any kind. On a turn that has ended it is recorded all the same: late is better than lost. */
  startStage(kind: StageKind, options: StageFacts & { at?: Instant | undefined } = {}): Stage {
    const { at, ...facts } = options ?? {};
    const stage = new Stage(kind, facts, {
      parent: this.context,
      attributes: this.#identity(),
      owner: this,
      startUs: instantUs(at),
    });
    this.#openStages.add(stage);
    this.#host.stageStarted(stage);
    return stage;
  }

  /** The user and the agent spoke over each other. A barge-in marks the turn as interrupted. */
  interruption(interruption: Interruption): void {
    if (!this.#ended) this.#marks.interruption(interruption);
  }

  /** Ends the turn. Stages still open go on and end by themselves, or with the call. */
  end({ at, error }: TurnEnd = {}): void {
    if (this.#ended) return;
    this.#ended = true;
    const endUs = Math.max(this.startUs, instantUs(at));
    if (this.#playback && !this.#playback.ended) this.#playback.end({ at: endUs / 1_000 });
    guard('describing a turn', () => {
      this.#marks.writeTo(this.#span);
      this.#writeWords();
      this.#writeResponse();
      if (error !== undefined) failSpan(this.#span, error);
    });
    guard('ending a turn', () => endSpan(this.#span, this.startUs, endUs));
    this.#host.turnEnded(this);
  }

  stageFirstByte(stage: Stage): void {
    if (stage.kind === 'tts') this.#firstTtsByteUs ??= stage.firstByteUs;
    this.#host.stageChanged(this, stage);
  }

  stageEnded(stage: Stage, result: StageResult): void {
    this.#openStages.delete(stage);
    if (stage.kind === 'playback') this.#playbackEndedUs = stage.endUs;
    if (stage.kind === 'llm' && result.text) this.addAgentText(result.text);
    if (stage.kind === 'stt' && result.text) this.addUserText(result.text);
    if (stage.kind === 'tts' && result.text) this.#spokenText = appendText(this.#spokenText, result.text);
    this.#host.stageChanged(this, stage, result);
  }

  #identity(): Attributes {
    return { [ATTR.callId]: this.#host.id, [ATTR.turnIndex]: this.index };
  }

  #writeWords(): void {
    const score = this.#userText === undefined ? undefined : this.#host.scoreSentiment(this.#userText);
    if (score !== undefined) this.#span.setAttribute(ATTR.sentimentScore, score);
    if (!capturesContent()) return;
    if (this.#userText) this.#span.setAttribute(ATTR.userText, this.#userText);
    if (this.agentText) this.#span.setAttribute(ATTR.agentText, this.agentText);
  }

  /** The silence that the caller heard, as a bar of its own. A greeting has none: nobody had asked. */
  #writeResponse(): void {
    const answeredUs = this.#playbackStartedUs ?? this.#firstTtsByteUs;
    const { speechEndedUs } = this.#marks;
    const askedUs = speechEndedUs ?? (this.initiator === 'user' ? this.startUs : undefined);
    if (answeredUs === undefined || askedUs === undefined || answeredUs < askedUs) return;
    const latency = seconds(answeredUs - askedUs);
    this.#span.setAttribute(ATTR.eouLatency, latency);
    if (speechEndedUs === undefined)
      this.#span.setAttribute(ATTR.eouSource, 'turn_start' satisfies EouSource);
    const response = startSpan(
      SPAN.response,
      {
        kind: SpanKind.INTERNAL,
        startUs: askedUs,
        attributes: { ...this.#identity(), [ATTR.eouLatency]: latency },
      },
      this.context,
    );
    endSpan(response, askedUs, answeredUs);
  }
}

function links(...contexts: (Context | undefined)[]): Link[] {
  return contexts.flatMap((ctx) => {
    const spanContext = ctx && trace.getSpanContext(ctx);
    return spanContext ? [{ context: spanContext }] : [];
  });
}

guardMethods(Turn);
