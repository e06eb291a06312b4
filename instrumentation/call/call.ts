import { randomUUID } from 'node:crypto';
import { isMainThread } from 'node:worker_threads';
import {
  type Attributes,
  type Context,
  context,
  diag,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import type { Micros, RoomOfCall } from '../../model/facts.ts';
import { ATTR, EVENT, SPAN } from '../../model/semconv.ts';
import type { TagValue } from '../../model/tags.ts';
import type { Outcome, StageKind } from '../../model/vocabulary.ts';
import { endAdoptedSpans } from './adoption.ts';
import type * as api from './api.ts';
import type { Attachment, CallEnd, CallFacts, CallStart, TelephonyState, TurnStart } from './api.ts';
import { CallScores } from './call-scores.ts';
import { CallTags } from './call-tags.ts';
import { CallTurns } from './call-turns.ts';
import { followWallClock, type Instant, instantUs } from './clock.ts';
import {
  ATTACHMENT,
  CALL_END,
  CALL_FACTS,
  CALL_START,
  OUTCOME,
  readArgument,
  readOptions,
  TELEPHONY,
  TURN_START,
} from './options.ts';
import { saveOpenConnections } from './process-end.ts';
import { CallScope, withScope } from './scope.ts';
import { addEvent, endSpan, failSpan, guard, startSpan } from './spans.ts';
import { Stage, type StageFacts } from './stage.ts';
import type { Turn } from './turn.ts';
import type { TurnTracker } from './turn-tracker.ts';

export type { CallEnd, CallStart } from './api.ts';

const NOT_IN_WORKERS =
  'earshot: a call is started in a worker thread, which is not instrumented: nothing of it is recorded. Run the agent in the main thread, or in a process of its own (child_process, cluster).';

const openCalls = new Set<Call>();

/** Ends every call that is still open: the process is about to go. */
export function endOpenCalls(reason: string): void {
  saveOpenConnections();
  for (const call of [...openCalls]) call.end({ reason });
  endAdoptedSpans();
}

let startedCalls = 0;

/** How many calls were started in this process so far. */
export const startedCallCount = (): number => startedCalls;

/** How many calls are open in this process. */
export const openCallCount = (): number => openCalls.size;

/** One conversation: one span, and a trace for each of its turns. */
export class Call implements api.Call {
  readonly id: string;
  readonly startUs: Micros;
  readonly context: Context;
  readonly #span: Span;
  readonly #turns: CallTurns;
  #transport: string | undefined;
  #outcome: Outcome | undefined;
  #state: TelephonyState = {};
  readonly #tags = new CallTags();
  readonly #scores = new CallScores();
  #ended = false;
  #endUs: Micros = 0;

  constructor(start?: CallStart, scope: CallScope = new CallScope()) {
    followWallClock();
    const { id = randomUUID(), at, ...facts } = readOptions('startCall', CALL_START, start);
    this.id = id;
    this.startUs = instantUs(at);
    this.#transport = facts.transport;
    this.#span = startSpan(
      SPAN.call,
      {
        kind: SpanKind.SERVER,
        startUs: this.startUs,
        attributes: { [ATTR.callId]: id, ...this.#factAttributes(facts) },
      },
      undefined,
    );
    if (!isMainThread && !this.#span.isRecording()) diag.warn(NOT_IN_WORKERS);
    scope.call = this;
    this.context = withScope(trace.setSpan(ROOT_CONTEXT, this.#span), scope);
    this.#turns = new CallTurns(this);
    openCalls.add(this);
    startedCalls += 1;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Where SDK instrumentations tell what happened. */
  get tracker(): TurnTracker {
    return this.#turns.tracker;
  }

  get turn(): Turn | undefined {
    return this.tracker.turn;
  }

  run<T>(fn: () => T): T {
    return typeof fn === 'function' ? context.with(this.context, fn) : fn;
  }

  startTurn(start?: TurnStart): Turn {
    const { initiator = 'user', at } = readOptions('Call.startTurn', TURN_START, start);
    return (
      guard('starting a turn', () => this.tracker.startManualTurn(initiator, at)) ??
      this.#turns.openTurn({ initiator, startUs: instantUs(at), manual: true, provisional: false })
    );
  }

  describe(given: CallFacts): void {
    if (this.#ended) return;
    const facts = readOptions('Call.describe', CALL_FACTS, given);
    this.#transport = facts.transport ?? this.#transport;
    guard('describing a call', () => this.#span.setAttributes(this.#factAttributes(facts)));
  }

  tag(name: string, value: TagValue): void {
    this.#add(this.#tags.attributes([[name, value]]));
  }

  score(name: string, value: number | string): void {
    this.#add(this.#scores.attributes(name, value));
  }

  attach(attachment: Attachment): void {
    const { recordingUrl } = readOptions('Call.attach', ATTACHMENT, attachment);
    this.#add(defined({ [ATTR.recordingUrl]: recordingUrl }));
  }

  setOutcome(outcome: Outcome): void {
    this.#outcome = readArgument('Call.setOutcome', OUTCOME, 'outcome', outcome) ?? this.#outcome;
  }

  setTelephonyState(state: TelephonyState): void {
    this.#state = { ...this.#state, ...readOptions('Call.setTelephonyState', TELEPHONY, state) };
  }

  end(given?: CallEnd): void {
    if (this.#ended) return;
    const end = readOptions('Call.end', CALL_END, given);
    const endUs = Math.max(this.startUs, instantUs(end.at));
    guard('ending the last turn', () => this.tracker.end(endUs / 1_000));
    this.#ended = true;
    this.#endUs = endUs;
    openCalls.delete(this);
    for (const stage of this.#turns.openStages) stage.cutOff(endUs / 1_000);
    guard('describing a call', () => {
      this.#span.setAttributes(this.#endAttributes(end));
      if (end.error !== undefined) failSpan(this.#span, end.error);
    });
    endSpan(this.#span, this.startUs, endUs);
  }

  /** A stage that belongs to the call and to no turn: its usage and cost count, its latency does not. */
  startStage(kind: 'stt' | 'llm' | 'tts' | 'tool', { at, ...facts }: StageFacts & { at?: Instant }): Stage {
    return new Stage(kind, facts, {
      parent: this.context,
      attributes: { [ATTR.callId]: this.id },
      startUs: instantUs(at),
    });
  }

  /** The caller pressed a key of the telephone. */
  pressed(at: Instant): void {
    if (!this.#ended) guard('describing a call', () => addEvent(this.#span, EVENT.keyPressed, instantUs(at)));
  }

  /** Where LiveKit carries it. */
  carriedIn({ roomId, sipCallId, sipTrunkId }: RoomOfCall): void {
    const ids = { [ATTR.roomId]: roomId, [ATTR.sipCallId]: sipCallId, [ATTR.sipTrunkId]: sipTrunkId };
    this.#add(defined(ids));
  }

  /** To the call's span; when that has ended, on a span that takes no time and says it late. */
  #add(attributes: Attributes): void {
    if (Object.keys(attributes).length === 0) return;
    if (!this.#ended) guard('describing a call', () => this.#span.setAttributes(attributes));
    else {
      const at = { startUs: this.#endUs, kind: SpanKind.INTERNAL };
      const span = startSpan(
        SPAN.callUpdate,
        { ...at, attributes: { [ATTR.callId]: this.id, ...attributes } },
        this.context,
      );
      endSpan(span, this.#endUs, this.#endUs);
    }
  }

  /** The application reports stages of these kinds itself: its requests are not followed as well. */
  reportsByHand(...kinds: readonly StageKind[]): void {
    for (const kind of kinds) this.#turns.reportedByHand(kind);
  }

  /** Whether the application reports stages of this kind itself. */
  isReportedByHand(kind: StageKind): boolean {
    return this.#turns.isReportedByHand(kind);
  }

  #factAttributes({ tags, ...facts }: CallFacts): Attributes {
    const given = guard('reading tags', () => this.#tags.attributes(Object.entries(tags ?? {})));
    return { ...factAttributes(facts), ...given };
  }

  #endAttributes(end: CallEnd): Attributes {
    const state = {
      ...this.#state,
      ...defined({ sipStatusCode: end.sipStatusCode, amdResult: end.amdResult, endReason: end.reason }),
    };
    const outcome = end.outcome ?? this.#outcome;
    const verdict = guard('concluding an outcome', () =>
      this.#turns.analysis?.outcome({ ...state, ...defined({ outcome, transport: this.#transport }) }),
    );
    return defined({
      [ATTR.endReason]: end.reason,
      [ATTR.sipStatusCode]: state.sipStatusCode,
      [ATTR.amdResult]: state.amdResult,
      [ATTR.outcome]: verdict?.outcome ?? outcome,
      [ATTR.outcomeConfidence]: verdict?.confidence,
      [ATTR.outcomeSource]: verdict?.source ?? (outcome === undefined ? undefined : 'explicit'),
    });
  }
}

function factAttributes(facts: CallFacts): Attributes {
  return defined({
    [ATTR.callDirection]: facts.direction,
    [ATTR.callChannel]: facts.channel,
    [ATTR.transport]: facts.transport,
    [ATTR.campaignId]: facts.campaignId,
    [ATTR.agentName]: facts.agentName,
    [ATTR.customerId]: facts.customerId,
  });
}

/** Without the entries that are undefined. */
function defined<T extends object>(entries: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as never;
}
