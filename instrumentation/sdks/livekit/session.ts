import type { EouSource } from '../../../model/vocabulary.ts';
import { Call, type CallStart } from '../../call/call.ts';
import { instantUs, nowMs } from '../../call/clock.ts';
import { CallScope } from '../../call/scope.ts';
import { guard } from '../../call/spans.ts';
import type { ReplyHandle } from '../../call/turns/replies.ts';
import { at, type Foreign, foreign, quantity, text } from '../kit/patch.ts';
import { instantMs, instantOfSeconds, pluginFacts } from './metrics.ts';
import { markReported } from './models.ts';
import { LiveKitRequests } from './requests.ts';
import { callerOf } from './room.ts';
import { LiveKitTurns } from './turns.ts';

type Listener = (event: unknown) => void;

/** What is used of an `AgentSession` and of an `AudioOutput`: both are emitters. */
interface Emitter {
  on(event: string, listener: Listener): unknown;
  off(event: string, listener: Listener): unknown;
}

/** Follows one session from its start to its close: the call, and what LiveKit's events say of its turns. */
export class LiveKitSession {
  readonly call: Call;
  /** What the session's own work inherits to find its call. */
  readonly scope = new CallScope();
  readonly #over: () => void;
  readonly #session: Foreign & Emitter;
  readonly #room: unknown;
  readonly #turns: LiveKitTurns;
  readonly #unsubscribe: (() => void)[] = [];
  #output: { emitter: Emitter; unsubscribe: () => void } | undefined;
  readonly #requests: LiveKitRequests;
  #interruptedByProgram = false;
  #exact: { state: unknown; atMs: number } | undefined;
  readonly #reportedTools = new Set<unknown>();
  #callerKnown = false;

  /**
   * @param room Of the session; undefined when its audio goes elsewhere.
   * @param agent Who speaks first.
   * @param over Called when the call has ended.
   */
  constructor(session: Emitter, start: CallStart, room: unknown, agent: unknown, over: () => void) {
    this.#session = session as Foreign & Emitter;
    this.#room = room;
    this.#over = over;
    this.call = new Call({ transport: 'livekit', ...start }, this.scope);
    this.#turns = new LiveKitTurns(this.call, () => pluginFacts(this.#model('stt')));
    this.#requests = new LiveKitRequests(this.call, this.#turns, (kind) => this.#model(kind));
    for (const owner of [session, agent]) markReported(owner);
    const handlers: Record<string, (event: Foreign) => void> = {
      user_state_changed: (event) => this.#userState(event),
      agent_state_changed: (event) => this.#agentState(event),
      user_input_transcribed: (event) => this.#transcribed(event),
      speech_created: (event) => this.#speechCreated(event),
      metrics_collected: (event) => this.#metrics(foreign(event.metrics) ?? {}),
      conversation_item_added: (event) => this.#item(foreign(event.item) ?? {}),
      function_tools_executed: (event) => this.#tools(event),
      agent_false_interruption: (event) => {
        if (event.resumed === true) this.call.tracker.playbackResumed(nowMs());
      },
      error: (event) => this.#requests.failed(foreign(event.error) ?? {}, this.#speaking()),
      close: (event) => this.#closed(event),
    };
    for (const [name, handle] of Object.entries(handlers)) {
      const listener: Listener = (event) =>
        guard(`reading LiveKit's ${name}`, () => {
          this.#followOutput();
          handle(foreign(event) ?? {});
        });
      session.on(name, listener);
      this.#unsubscribe.push(() => session.off(name, listener));
    }
    this.#learnCaller();
    this.#followOutput();
  }

  get ended(): boolean {
    return this.call.ended;
  }

  /** The session could not be started: LiveKit reports no close event. */
  failed(error: unknown): void {
    this.#end({ reason: 'error', error });
  }

  /** Exact, where a voice detector decided: the event itself says when that was, not when it happened. */
  userState(state: unknown, exactMs: number | undefined): void {
    this.#exact = exactMs === undefined ? undefined : { state, atMs: exactMs };
  }

  #userState({ oldState, newState, createdAt }: Foreign): void {
    const exact = this.#exact?.state === newState ? this.#exact?.atMs : undefined;
    this.#exact = undefined;
    const atMs = exact ?? instantMs(createdAt) ?? nowMs();
    if (newState === 'speaking') this.#turns.userStarted(atMs);
    else if (oldState === 'speaking')
      this.#turns.userEnded(atMs, exact !== undefined && !this.#hearsByStt() ? 'vad' : 'stt_event');
    this.#learnCaller();
  }

  /** A model that hears for itself reports the words late, and of none that were transcribed for it. */
  #transcribed({ transcript, isFinal }: Foreign): void {
    if (!this.#hearsItself()) this.#turns.wordsHeard(text(transcript) ?? '', isFinal === true, nowMs());
  }

  #agentState({ newState, createdAt }: Foreign): void {
    const atMs = instantMs(createdAt) ?? nowMs();
    // It falls silent before its audio is over: paused, until it is known whether the user really said something.
    if (newState === 'listening') this.call.tracker.playbackPaused(atMs);
    else if (newState === 'speaking') this.call.tracker.playbackResumed(atMs);
  }

  #speechCreated({ speechHandle, createdAt }: Foreign): void {
    const handle = speechHandle as (ReplyHandle & { addDoneCallback?(done: () => void): void }) | undefined;
    if (typeof handle?.id !== 'string') return;
    const { id } = handle;
    markReported(at(this.#session, 'agent'));
    this.#learnCaller();
    this.#turns.replies.created(handle, this.#agentName(), instantUs(instantMs(createdAt)));
    // The code that creates a reply schedules it, or says what it answers, before anything else runs.
    queueMicrotask(() =>
      guard('placing a LiveKit reply', () => this.#turns.replies.scheduled(id, this.#hearsItself())),
    );
    // In the next round: the last item of a reply is reported after it is done.
    handle.addDoneCallback?.(
      () => void setImmediate(() => guard('ending a LiveKit reply', () => this.#replyDone(handle))),
    );
  }

  #replyDone(handle: ReplyHandle): void {
    const { id } = handle;
    for (const item of items(handle)) if (item.type === 'function_call') this.#tool(item, undefined, id);
    this.#requests.replyDone(id);
    this.#turns.replies.done(id);
  }

  #metrics(metrics: Foreign): void {
    if (metrics.type === 'eou_metrics') this.#committed(metrics);
    else this.#requests.reported(metrics, text(metrics.speechId));
  }

  #committed(eou: Foreign): void {
    const endMs = instantMs(eou.lastSpeakingTimeMs);
    const delayMs = quantity(eou.endOfUtteranceDelayMs) ?? 0;
    // The callback for the application runs after the commit.
    const committedMs =
      endMs !== undefined && delayMs > 0
        ? endMs + delayMs
        : (instantMs(eou.timestamp) ?? nowMs()) - (quantity(eou.onUserTurnCompletedDelayMs) ?? 0);
    const source: EouSource = this.#hearsByStt() ? 'stt_word_end' : 'vad';
    this.#turns.committed(text(eou.speechId) ?? '', { endMs, committedMs }, source);
  }

  #item(item: Foreign): void {
    const words = text(item.textContent) ?? '';
    if (item.type === 'agent_handoff') markReported(at(this.#session, 'agent'));
    else if (item.type === 'message' && item.role === 'user') this.#turns.said('user', words);
    else if (item.type === 'message' && item.role === 'assistant') this.#agentItem(item, words);
  }

  #agentItem({ metrics }: Foreign, words: string): void {
    const { providerRequestIds, startedSpeakingAt, stoppedSpeakingAt } = foreign(metrics) ?? {};
    const speaking = this.#speaking();
    this.#requests.spoken(list(providerRequestIds), speaking);
    const startMs = instantOfSeconds(startedSpeakingAt);
    if (startMs !== undefined && !at(this.#session, 'output', 'audio'))
      this.#turns.written(speaking, startMs, instantOfSeconds(stoppedSpeakingAt) ?? startMs);
    this.#turns.said('agent', words, speaking);
  }

  #tools({ functionCalls, functionCallOutputs }: Foreign): void {
    const outputs = list(functionCallOutputs);
    for (const [i, call] of list(functionCalls).entries())
      this.#tool(foreign(call) ?? {}, foreign(outputs[i]));
  }

  /** Without an output it was cut off. */
  #tool(call: Foreign, output: Foreign | undefined, replyId: string | undefined = this.#speaking()): void {
    if (this.#reportedTools.has(call.callId)) return;
    this.#reportedTools.add(call.callId);
    const stage = this.#turns.replies.ownerOf(replyId).startStage('tool', {
      toolName: text(call.name),
      toolCallId: text(call.callId),
      at: instantMs(call.createdAt) ?? nowMs(),
    });
    const end = { at: instantMs(output?.createdAt) ?? nowMs() };
    if (!output) stage.cancel(end);
    else if (output.isError === true) stage.fail('tool_error', end);
    else stage.end(end);
  }

  #closed({ reason, error }: Foreign): void {
    const failure = foreign(error)?.error ?? error;
    this.#end({ reason: text(reason), ...(failure != null && { error: failure }) });
  }

  #end(end: { reason: string | undefined; error?: unknown }): void {
    if (this.ended) return;
    guard('ending a LiveKit session', () => {
      this.#requests.ending();
      this.#turns.end(nowMs());
      this.#requests.end();
      this.#learnCaller();
    });
    this.call.end(end);
    for (const unsubscribe of this.#unsubscribe) guard('leaving a LiveKit session', unsubscribe);
    this.#output?.unsubscribe();
    this.#output = undefined;
    this.#over();
  }

  /** The output may be set after the start, and replaced. The outermost of a chain reports all. */
  #followOutput(): void {
    const output = at(this.#session, 'output', 'audio') as Emitter | undefined;
    if (output === this.#output?.emitter || (!output && !this.#output)) return;
    this.#output?.unsubscribe();
    this.#output = undefined;
    if (typeof output?.on !== 'function') return;
    const started: Listener = (event) =>
      guard('reading a LiveKit playback', () =>
        this.#turns.playbackStarted(this.#speaking(), instantMs(foreign(event)?.createdAt) ?? nowMs()),
      );
    const finished: Listener = (event) =>
      guard('reading a LiveKit playback', () =>
        this.#turns.playbackFinished(this.#howItEnded(foreign(event)?.interrupted === true), nowMs()),
      );
    output.on('playbackStarted', started);
    output.on('playbackFinished', finished);
    const unsubscribe = (): void => {
      output.off('playbackStarted', started);
      output.off('playbackFinished', finished);
    };
    this.#output = { emitter: output, unsubscribe };
  }

  /** The application interrupts the agent: that is not a barge-in, even if the user speaks meanwhile. */
  interrupted(): void {
    this.#interruptedByProgram = this.call.turn?.playing === true;
  }

  #howItEnded(interrupted: boolean): 'heard' | 'interrupted' | 'silenced' | 'cut_off' {
    const byProgram = this.#interruptedByProgram;
    this.#interruptedByProgram = false;
    if (!interrupted) return 'heard';
    // LiveKit interrupts what is being said when it closes the session.
    if (this.#session.closing === true) return 'cut_off';
    return byProgram ? 'silenced' : 'interrupted';
  }

  #learnCaller(): void {
    if (this.#callerKnown) return;
    const caller = callerOf(this.#room);
    if (!caller) return;
    this.#callerKnown = true;
    this.call.describe(caller.facts);
    this.call.carriedIn(caller.sip);
  }

  /** The reply whose turn it is to speak. */
  #speaking(): string | undefined {
    return text(at(this.#session, 'activity', 'currentSpeech', 'id'));
  }

  /** `currentAgent` throws where there is none. */
  #agentName(): string | undefined {
    return text(at(this.#session, 'agent', 'id'));
  }

  #model(kind: 'llm' | 'stt' | 'tts' | 'vad'): unknown {
    return at(this.#session, 'agent', kind) ?? this.#session[kind];
  }

  /** A speech-to-speech model that finds the end of speech itself. */
  #hearsItself(): boolean {
    return at(this.#model('llm'), 'capabilities', 'turnDetection') === true;
  }

  #hearsByStt(): boolean {
    return this.#hearsItself() || this.#session.turnDetection === 'stt' || !this.#model('vad');
  }
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

const items = (handle: unknown): Foreign[] =>
  list(foreign(handle)?.chatItems).map((item) => foreign(item) ?? {});
