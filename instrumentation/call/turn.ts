import { type Attributes, type Context, type Span, SpanKind, trace } from '@opentelemetry/api';
import type { MarkedTurn } from '../../exporter/calls/marks.ts';
import type { Interruption, Micros } from '../../model/facts.ts';
import { ATTR, SPAN } from '../../model/semconv.ts';
import type { CutOffBy, Initiator, StageKind } from '../../model/vocabulary.ts';
import type * as api from './api.ts';
import type { At, InterruptionMark, PlaybackStart, SpeechMark, StageResult, TurnEnd } from './api.ts';
import { type Instant, instantUs } from './clock.ts';
import {
  AT,
  INTERRUPTION,
  PLAYBACK,
  readArgument,
  readOptions,
  SPEECH,
  STAGE_KIND,
  STAGE_START,
  TURN_END,
} from './options.ts';
import { writeResponse } from './response-span.ts';
import { endSpan, failSpan, guard, links, startSpan } from './spans.ts';
import { Stage, type StageFacts, type StageOwner } from './stage.ts';
import { markedTurn, type TurnKnowledge } from './turn-facts.ts';
import { TurnMarks } from './turn-marks.ts';
import { TurnWords } from './turn-words.ts';
import type { CallHost, TurnInit } from './turns/host.ts';

/** Stages of a turn that its latencies are computed from. A turn has some ten. */
const MAX_JUDGED_STAGES = 256;

type StageStart = StageFacts & At;

/** One exchange of a call. It is one trace. */
export class Turn implements api.Turn, StageOwner {
  initiator: Initiator;
  readonly startUs: Micros;
  readonly manual: boolean;
  readonly context: Context;
  readonly #host: CallHost;
  readonly #span: Span;
  readonly #openStages = new Set<Stage>();
  /** For the latencies: the last of them. */
  readonly #stages: Stage[] = [];
  readonly #marks = new TurnMarks();
  #playback: Stage | undefined;
  #playbackStartedUs: Micros | undefined;
  #playbackEndedUs: Micros | undefined;
  #firstTtsByteUs: Micros | undefined;
  readonly #words = new TurnWords();
  #index: number | undefined;
  #lastStageEndUs: Micros = 0;
  #ended = false;

  constructor(host: CallHost, init: TurnInit) {
    this.#host = host;
    if (!init.provisional) this.#index = host.takeIndex();
    this.initiator = init.initiator;
    this.startUs = init.startUs;
    this.manual = init.manual;
    this.#span = startSpan(
      SPAN.turn,
      {
        kind: SpanKind.SERVER,
        startUs: init.startUs,
        links: links(host.context, init.previous?.context),
        attributes: this.#identity(),
      },
      undefined,
    );
    this.context = trace.setSpan(host.context, this.#span);
  }

  /** The one that it will have, while it is not confirmed. */
  get index(): number {
    return this.#index ?? this.#host.turnCount;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whether it is a turn will be seen by what follows. */
  get provisional(): boolean {
    return this.#index === undefined;
  }

  /** When the last of its stages that are over ended; 0 when there is none. */
  get lastStageEndUs(): Micros {
    return this.#lastStageEndUs;
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
    return this.#words.userText;
  }

  get agentText(): string | undefined {
    return this.#words.agentText;
  }

  userSpeechStarted(mark?: SpeechMark): void {
    if (this.#ended) return;
    const { at } = readOptions('Turn.userSpeechStarted', SPEECH, mark);
    this.#marks.speechStarted(instantUs(at));
  }

  userSpeechEnded(mark?: SpeechMark): void {
    if (this.#ended) return;
    const { at, source = 'vad' } = readOptions('Turn.userSpeechEnded', SPEECH, mark);
    this.#marks.speechEnded(instantUs(at), source, this.#playbackStartedUs);
  }

  committed(at?: Instant): void {
    if (this.#ended) return;
    const us = instantUs(readArgument('Turn.committed', AT, 'at', at));
    this.#marks.committed(us, this.#playbackStartedUs);
  }

  addUserText(text: string): void {
    if (!this.#ended && typeof text === 'string') this.#words.addUserText(text);
  }

  addAgentText(text: string): void {
    if (!this.#ended && typeof text === 'string') this.#words.addAgentText(text);
  }

  startStt(facts?: StageStart): Stage {
    return this.startStage('stt', facts);
  }

  startLlm(facts?: StageStart): Stage {
    return this.startStage('llm', facts);
  }

  startTool(facts?: StageStart): Stage {
    return this.startStage('tool', facts);
  }

  startTts(facts?: StageStart): Stage {
    return this.startStage('tts', facts);
  }

  startPlayback(start?: PlaybackStart): Stage {
    const { at, source = 'observed' } = readOptions('Turn.startPlayback', PLAYBACK, start);
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

  /** @param byHand The application reports it, and not what follows its SDKs. (Default: true.) */
  startStage(kind: StageKind, start?: StageStart, byHand = true): Stage {
    const known = readArgument('Turn.startStage', STAGE_KIND, 'kind', kind);
    if (known === undefined) return new Stage('tool', {}, undefined);
    const { at, ...facts } = readOptions('Turn.startStage', STAGE_START, start);
    const stage = new Stage(known, facts, {
      parent: this.context,
      attributes: this.#identity(),
      owner: this,
      startUs: instantUs(at),
    });
    if (byHand) this.#host.reportedByHand(known);
    this.#openStages.add(stage);
    if (this.#stages.push(stage) > MAX_JUDGED_STAGES) this.#stages.shift();
    this.#host.stageStarted(stage);
    return stage;
  }

  /** @param mark `atUs` is for our own use, which has whole microseconds. */
  interruption(mark: InterruptionMark & { atUs?: Micros }): void {
    if (this.#ended) return;
    const { kind, at, atUs = instantUs(at), ...rest } = readOptions('Turn.interruption', INTERRUPTION, mark);
    if (kind !== undefined) this.#marks.interruption({ ...rest, kind, atUs } as Interruption);
  }

  end(end?: TurnEnd): void {
    if (this.#ended) return;
    const { at, error } = readOptions('Turn.end', TURN_END, end);
    this.#ended = true;
    const endUs = Math.max(this.startUs, instantUs(at));
    if (this.#playback && !this.#playback.ended) this.#playback.end({ at: endUs / 1_000 });
    guard('describing a turn', () => {
      this.#marks.writeTo(this.#span, this.initiator);
      this.#words.writeTo(this.#span, (text) => this.#host.scoreSentiment(text));
      const spoken = this.#words.spokenRequest(this.#stages);
      if (spoken !== undefined) this.#span.setAttribute(ATTR.spokenRequest, spoken);
      writeResponse(this.#span, this.context, this.markedAt(endUs), this.#identity());
      if (error !== undefined) failSpan(this.#span, error);
    });
    endSpan(this.#span, this.startUs, endUs);
    this.#host.turnEnded(this);
  }

  stageFirstByte(stage: Stage): void {
    if (stage.kind === 'tts') this.#firstTtsByteUs ??= stage.firstByteUs;
    this.#host.stageChanged(this, stage);
  }

  stageEnded(stage: Stage, result: StageResult): void {
    this.#openStages.delete(stage);
    this.#lastStageEndUs = Math.max(this.#lastStageEndUs, stage.endUs ?? 0);
    if (stage.kind === 'playback') this.#playbackEndedUs = stage.endUs;
    this.#words.saidIn(stage, result);
    this.#host.stageChanged(this, stage, result);
  }

  /** It is a turn: the agent speaks, or the user does. */
  confirm(initiator: Initiator = 'agent'): void {
    if (this.#index !== undefined || this.#ended) return;
    this.initiator = initiator;
    this.#index = this.#host.takeIndex();
    this.#span.setAttribute(ATTR.turnIndex, this.#index);
    for (const stage of this.#openStages) stage.setAttribute(ATTR.turnIndex, this.#index);
  }

  /** It was not a turn: its requests are background work of the call. */
  drop(atUs: Micros): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#span.updateName(SPAN.background);
    endSpan(this.#span, this.startUs, Math.max(this.startUs, this.#lastStageEndUs || atUs));
  }

  /** The user speaks again, after what they had said was accepted and before it is answered. */
  spokenAgain(us: Micros): void {
    if (!this.#ended) this.#marks.spokenAgain(us);
  }

  /** The answer ended before it was heard, by nothing that the user said. */
  cutOff(by: CutOffBy): void {
    if (!this.#ended) this.#marks.cutOff(by);
  }

  /** No one listened to the user: who began is not known, nor who spoke over whom. */
  speechUnknown(): void {
    if (!this.#ended) this.#marks.speechUnknown();
  }

  /** The turn as rows will show it, if it ends at `endUs`. */
  markedAt(endUs: Micros): MarkedTurn {
    const { index, initiator, startUs } = this;
    const { speechEndedUs, eouSource, utterances } = this.#marks;
    const spoken = this.#words.spokenRequest(this.#stages);
    const known: TurnKnowledge = {
      callId: this.#host.id,
      turnIndex: index,
      initiator,
      startUs,
      endUs,
      ...(speechEndedUs !== undefined && { speechEndedUs }),
      ...(eouSource !== undefined && { eouSource }),
      ...(utterances.length > 1 && { utterances }),
      ...(spoken !== undefined && { spokenRequest: spoken }),
    };
    return markedTurn(this.#span, known, this.#stages);
  }

  #identity(): Attributes {
    const attributes: Attributes = { [ATTR.callId]: this.#host.id };
    if (this.#index !== undefined) attributes[ATTR.turnIndex] = this.#index;
    return attributes;
  }
}
