import { randomUUID } from 'node:crypto';
import {
  type Attributes,
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import type { Micros, Outcome } from '../../model/facts.ts';
import { ATTR, SPAN } from '../../model/semconv.ts';
import { endAdoptedSpans } from './adoption.ts';
import { analyseCall, type CallAnalysis } from './analysis.ts';
import { followWallClock, type Instant, instantUs } from './clock.ts';
import { CallScope, withScope } from './scope.ts';
import { endSpan, failSpan, guard, guardMethods, startSpan } from './spans.ts';
import { Stage, type StageFacts } from './stage.ts';
import { Turn, type TurnHost, type TurnInit } from './turn.ts';
import { type TrackerHost, TurnTracker } from './turn-tracker.ts';

/** What is known of a call when it starts. */
export interface CallStart {
  /** (Default: a random UUID.) */
  id?: string | undefined;
  direction?: 'inbound' | 'outbound' | 'web' | undefined;
  /** `phone`, `web`, `app`. */
  channel?: string | undefined;
  /** What carries the audio: `twilio`, `livekit`. Telephony and room minutes are priced by it. */
  transport?: string | undefined;
  campaignId?: string | undefined;
  agentName?: string | undefined;
  /** (Default: now.) */
  at?: Instant | undefined;
}

/** What is known of a call when it ends. */
export interface CallEnd {
  /** How it stopped, in the words of the transport or framework: `hangup`, `participant_disconnected`. */
  reason?: string | undefined;
  /** The application's own verdict; beats everything that could be concluded. */
  outcome?: Outcome | undefined;
  sipStatusCode?: number | undefined;
  /** Answering machine detection, as the telephony provider words it. */
  amdResult?: string | undefined;
  error?: unknown;
  /** (Default: now.) */
  at?: Instant | undefined;
}

const openCalls = new Set<Call>();

/** Ends every call that is still open: the process is about to go. */
export function endOpenCalls(reason: string): void {
  for (const call of [...openCalls]) call.end({ reason });
  endAdoptedSpans();
}

/** How many calls are open in this process. */
export const openCallCount = (): number => openCalls.size;

/**
 * One conversation, from connect to hang-up: one span, and a trace for each of its turns. No method throws; what comes
 * after `end` is recorded where it can be and changes no turn.
 */
export class Call implements TrackerHost {
  /** `voice.call.id`. */
  readonly id: string;
  readonly startUs: Micros;
  /** The context in which the call's work runs; see `withCall`. */
  readonly context: Context;
  /**
   * Runs `fn` inside the call: requests made in it, and in what it starts, find the call. What it throws is the
   * caller's: so it is no method, whose errors would be kept from them.
   */
  readonly run = <T>(fn: () => T): T => (typeof fn === 'function' ? context.with(this.context, fn) : fn);
  /** Where SDK instrumentations tell what happened. */
  readonly tracker: TurnTracker;
  readonly #span: Span;
  readonly #turnHost: TurnHost;
  readonly #stages = new Set<Stage>();
  #analysis: CallAnalysis | undefined;
  #turnCount = 0;
  #lastTurn: Turn | undefined;
  #transport: string | undefined;
  #outcome: Outcome | undefined;
  #state: { sipStatusCode?: number; amdResult?: string } = {};
  #ended = false;

  constructor(start: CallStart = {}, scope: CallScope = new CallScope()) {
    followWallClock();
    this.id = typeof start.id === 'string' && start.id !== '' ? start.id : randomUUID();
    this.startUs = instantUs(start.at);
    this.#transport = start.transport;
    this.#span = startSpan(
      SPAN.call,
      { kind: SpanKind.SERVER, startUs: this.startUs, attributes: startAttributes(this.id, start) },
      undefined,
    );
    scope.call = this;
    this.context = withScope(trace.setSpan(ROOT_CONTEXT, this.#span), scope);
    this.tracker = new TurnTracker(this);
    this.#turnHost = this.#hostTurns();
    openCalls.add(this);
    analyseCall((analysis) => {
      this.#analysis = analysis;
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The turn that is going on. */
  get turn(): Turn | undefined {
    return this.tracker.turn;
  }

  /** Opens the next turn and ends the one before it. The application marks and ends it. */
  startTurn(options: { initiator?: 'user' | 'agent'; at?: Instant } = {}): Turn {
    const { initiator, at } = options ?? {};
    return this.tracker.startManualTurn(initiator === 'agent' ? 'agent' : 'user', at);
  }

  /** Adds what became known after the start. */
  describe(facts: Omit<CallStart, 'id' | 'at'>): void {
    if (this.#ended) return;
    this.#transport = facts.transport ?? this.#transport;
    this.#span.setAttributes(startAttributes(this.id, facts));
  }

  /** The application's own verdict on the call. */
  setOutcome(outcome: Outcome): void {
    this.#outcome = outcome;
  }

  /** What telephony said of the call, from which an outcome may be concluded. */
  setTelephonyState(state: { sipStatusCode?: number; amdResult?: string }): void {
    this.#state = { ...this.#state, ...state };
  }

  /** Ends the call, its open turn and its open stages. */
  end(end: CallEnd = {}): void {
    if (this.#ended) return;
    const endUs = Math.max(this.startUs, instantUs(end?.at));
    guard('ending the last turn', () => this.tracker.end(endUs / 1_000));
    this.#ended = true;
    openCalls.delete(this);
    for (const stage of [...this.#stages]) stage.cutOff(endUs / 1_000);
    guard('describing a call', () => {
      this.#span.setAttributes(this.#endAttributes(end ?? {}));
      if (end?.error !== undefined) failSpan(this.#span, end.error);
    });
    guard('ending a call', () => endSpan(this.#span, this.startUs, endUs));
  }

  openTurn(init: Omit<TurnInit, 'index' | 'previous'>): Turn {
    const turn = new Turn(this.#turnHost, { ...init, index: this.#turnCount++, previous: this.#lastTurn });
    this.#lastTurn = turn;
    return turn;
  }

  /** A stage that belongs to the call and to no turn: its usage and cost count, its latency does not. */
  startStage(kind: 'stt' | 'llm' | 'tts' | 'tool', { at, ...facts }: StageFacts & { at?: Instant }): Stage {
    return new Stage(kind, facts, {
      parent: this.context,
      attributes: { [ATTR.callId]: this.id },
      startUs: instantUs(at),
    });
  }

  #hostTurns(): TurnHost {
    return {
      id: this.id,
      context: this.context,
      scoreSentiment: (text) => guard('scoring sentiment', () => this.#analysis?.sentiment(text)),
      stageStarted: (stage) => this.#stages.add(stage),
      stageChanged: (turn, stage, result) => {
        if (stage.ended) this.#stages.delete(stage);
        guard('following a turn', () => this.tracker.turnChanged(turn, stage, result));
      },
      turnEnded: (turn) => guard('hearing a turn', () => this.#hear(turn)),
    };
  }

  #hear({ userText, agentText }: Turn): void {
    if (userText) this.#analysis?.hear('user', userText);
    if (agentText) this.#analysis?.hear('agent', agentText);
  }

  #endAttributes(end: CallEnd): Attributes {
    const state = {
      ...this.#state,
      ...defined({ sipStatusCode: end.sipStatusCode, amdResult: end.amdResult, endReason: end.reason }),
    };
    const outcome = end.outcome ?? this.#outcome;
    const verdict = guard('concluding an outcome', () =>
      this.#analysis?.outcome({ ...state, ...defined({ outcome, transport: this.#transport }) }),
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

function startAttributes(id: string, facts: Omit<CallStart, 'id' | 'at'>): Attributes {
  return defined({
    [ATTR.callId]: id,
    [ATTR.callDirection]: facts?.direction,
    [ATTR.callChannel]: facts?.channel,
    [ATTR.transport]: facts?.transport,
    [ATTR.campaignId]: facts?.campaignId,
    [ATTR.agentName]: facts?.agentName,
  });
}

/** Without the entries that are undefined. */
function defined<T extends object>(entries: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as never;
}

guardMethods(Call);
