import type { Context } from '@opentelemetry/api';
import { nowMs } from '../../../call/clock.ts';
import type { Stage } from '../../../call/stage.ts';
import { ConnectionCall } from '../../kit/live/connection-call.ts';
import { estimatedPlayout, type Playout } from '../../kit/live/playout.ts';
import { byteLength } from '../../kit/live/sockets.ts';
import { at, foreign, text } from '../../kit/patch.ts';
import type { SocketFollower } from '../socket.ts';
import { AgentLines } from './agent-lines.ts';
import { type AgentMessage, type FunctionCall, readAgentMessage } from './agent-messages.ts';
import { AgentReply, type OpenStage, type ReplyEnd } from './agent-reply.ts';
import {
  type AgentSettings,
  DEFAULT_SETTINGS,
  listener,
  readSettings,
  speaker,
  thinker,
} from './agent-settings.ts';

/** How long the report about a reply may come behind its audio. Less than a turn stays open when all is quiet. */
const REPORT_WAIT_MS = 100;
/** Functions that may be outstanding. */
const MAX_OUTSTANDING = 64;

/**
 * One connection to Deepgram's voice agent, which listens, thinks and speaks by itself: what its events mean for the
 * call's turns. It says what the user has said once it is complete, and when the user fell silent only through the
 * latency that it reports of its reply. It reports no playback, so that is worked out from the audio that came, unless the
 * call's transport shows it.
 */
export class AgentConnection implements SocketFollower {
  readonly #call: ConnectionCall;
  readonly #playout: Playout;
  readonly #tools = new Map<string, Stage>();
  /** What the application has told the agent to say, and has said for the user. */
  readonly #agentLines = new AgentLines();
  readonly #userLines = new AgentLines();
  #settings: AgentSettings = DEFAULT_SETTINGS;
  /** The model was asked, and nothing of its answer is known. */
  #request: Stage | undefined;
  #reply: AgentReply | undefined;
  #reportTimer: NodeJS.Timeout | undefined;
  #speechStartMs: number | undefined;
  /** Arrival of what the user said, as long as nothing better tells when it was over. */
  #heardMs: number | undefined;
  /** The user has silenced the agent: audio that still comes is what was on its way. */
  #silenced = false;

  /** @param active The context that the application connects in. */
  constructor(active?: Context) {
    this.#call = new ConnectionCall(active);
    this.#playout = estimatedPlayout(this.#call);
  }

  get context(): Context {
    return this.#call.context;
  }

  opened(): void {
    this.#call.connected();
  }

  /** The application sent `Settings`, or changed who listens, thinks or speaks. */
  configured(sent: unknown): void {
    const message = foreign(sent) ?? {};
    const { type } = message;
    if (type === 'Settings') {
      this.#settings = readSettings(message);
      this.#agentLines.add(this.#settings.greeting);
    } else if (type === 'UpdateListen') this.#settings = { ...this.#settings, stt: listener(message) };
    else if (type === 'UpdateThink') this.#settings = { ...this.#settings, llm: thinker(message) };
    else if (type === 'UpdateSpeak') this.#settings = { ...this.#settings, tts: speaker(message) };
  }

  /** The application lets the agent say something. */
  agentLine(sent: unknown): void {
    this.#agentLines.add(text(at(sent, 'message')));
  }

  /** The application says something for the user. */
  userLine(sent: unknown): void {
    this.#userLines.add(text(at(sent, 'content')));
  }

  /** A function has given its result. */
  functionCalled(sent: unknown): void {
    this.#functionCalled(text(at(sent, 'id')) ?? text(at(sent, 'name')), nowMs());
  }

  message(data: unknown, atMs: number): void {
    if (typeof data !== 'string') {
      this.#audio(byteLength(data), atMs);
      return;
    }
    const message = readAgentMessage(data);
    if (message) this.#message(message, atMs);
  }

  closed({ final, error }: { final: boolean; error?: string | undefined }): void {
    const atMs = nowMs();
    this.#endReply(this.#reply?.complete ? {} : { cancelled: true, error });
    for (const stage of [this.#request, ...this.#tools.values()]) {
      if (error === undefined) stage?.cancel({ at: atMs });
      else stage?.fail(error, { at: atMs });
    }
    this.#request = undefined;
    this.#tools.clear();
    this.#playout.close(atMs);
    this.#call.closed(atMs, { final });
  }

  #message(message: AgentMessage, atMs: number): void {
    if (message.type !== 'UserStartedSpeaking' && message.type !== 'LatencyReport') this.#silenced = false;
    switch (message.type) {
      case 'UserStartedSpeaking':
        this.#userStarted(atMs);
        break;
      case 'ConversationText':
        if (message.role === 'user') this.#userSaid(message.content, atMs);
        else this.#agentSays(message.content, atMs);
        break;
      case 'AgentStartedSpeaking':
        this.#ongoingReply().reported(message.report);
        break;
      case 'LatencyReport':
        this.#reply?.reported(message.report);
        if (this.#reply) this.#reply.reportedInFull = true;
        this.#concludeReply();
        break;
      case 'AgentAudioDone':
        if (this.#reply) this.#reply.complete = true;
        this.#concludeReply();
        break;
      case 'FunctionCallRequest':
        this.#callsFunctions(message.functions, atMs);
        break;
      case 'FunctionCallResponse':
        this.#functionCalled(message.id, atMs);
        break;
      case 'FunctionCallCancelled':
        for (const { id } of message.functions) this.#takeTool(id)?.cancel({ at: atMs });
        break;
      case 'Error':
        this.#failed(message.code ?? 'error', atMs);
        break;
      case 'AgentThinking':
        break;
      default:
        message satisfies never;
    }
  }

  #userStarted(atMs: number): void {
    this.#endReply({ cancelled: this.#reply?.complete !== true });
    const { tracker } = this.#call.listening();
    tracker.speechStarted(atMs);
    this.#speechStartMs ??= atMs;
    this.#silenced = true;
    if (!this.#playout.playing) return;
    // The agent falls silent for it: it is more than a noise.
    tracker.wordsHeard(atMs);
    this.#playout.clear(atMs);
  }

  #userSaid(words: string, atMs: number): void {
    this.#endReply({ cancelled: this.#reply?.complete !== true });
    const { tracker } = this.#call.listening();
    if (this.#userLines.take(words)) {
      tracker.wordsHeard(atMs);
      tracker.turn?.addUserText(words);
    } else {
      this.#heardMs = atMs;
      tracker.utterance({
        startAt: this.#speechStartMs ?? atMs,
        firstByteAt: atMs,
        endAt: atMs,
        facts: this.#settings.stt,
        result: { text: words },
      });
    }
    this.#speechStartMs = undefined;
    tracker.committed(atMs);
    this.#ask(atMs);
  }

  #agentSays(words: string, atMs: number): void {
    const reply = this.#ongoingReply();
    reply.say(words, atMs);
    if (this.#agentLines.take(words) || reply.llm) return;
    reply.llm = this.#request;
    this.#request = undefined;
  }

  #audio(bytes: number, atMs: number): void {
    if (bytes <= 0 || this.#silenced) return;
    const reply = this.#ongoingReply();
    const first = !reply.audible;
    reply.audio(bytes, atMs);
    const { bytesPerSecond } = this.#settings.output;
    this.#playout.queued(bytesPerSecond === undefined ? 0 : (bytes / bytesPerSecond) * 1_000, atMs);
    if (!first) return;
    if (!reply.llm && !this.#request) reply.openSynthesis(this.#openStage, this.#settings);
    reply.turn = this.#call.listening().tracker.turn;
  }

  #ask(atMs: number): void {
    this.#request?.cancel({ at: atMs });
    this.#request = this.#call.listening().tracker.startStage('llm', this.#settings.llm, atMs);
  }

  #callsFunctions(functions: readonly FunctionCall[], atMs: number): void {
    const reply = this.#reply?.complete === false ? this.#reply : undefined;
    const request = reply?.llm ?? this.#request;
    if (request) (reply ?? new AgentReply()).callsFunctions(request, atMs);
    if (request === this.#request) this.#request = undefined;
    const { tracker } = this.#call.listening();
    for (const { id, name } of functions) {
      const key = id ?? name;
      if (key === undefined || this.#tools.size >= MAX_OUTSTANDING) continue;
      this.#takeTool(key)?.cancel({ at: atMs });
      this.#tools.set(key, tracker.startStage('tool', { toolName: name, toolCallId: id }, atMs));
    }
  }

  #functionCalled(key: string | undefined, atMs: number): void {
    const tool = this.#takeTool(key);
    if (!tool) return;
    tool.end({ at: atMs });
    if (this.#tools.size === 0) this.#ask(atMs);
  }

  #takeTool(key: string | undefined): Stage | undefined {
    const tool = key === undefined ? undefined : this.#tools.get(key);
    if (key !== undefined) this.#tools.delete(key);
    return tool;
  }

  /** What it could not do is in the code: FAILED_TO_SPEAK, FAILED_TO_THINK. */
  #failed(code: string, atMs: number): void {
    if (/SPEAK/.test(code)) {
      if (this.#reply || this.#request) this.#ongoingReply();
      this.#endReply({ synthesisError: code });
      return;
    }
    this.#request?.fail(code, { at: atMs });
    this.#request = undefined;
    this.#endReply(this.#reply?.complete ? {} : { error: code });
  }

  /** The reply that is being given; one that is complete is followed by another. */
  #ongoingReply(): AgentReply {
    if (this.#reply?.complete) this.#endReply({});
    this.#reply ??= new AgentReply();
    return this.#reply;
  }

  /** The reply ends when its audio has come and the report about it, which is not sent about all of them. */
  #concludeReply(): void {
    const reply = this.#reply;
    clearTimeout(this.#reportTimer);
    if (!reply?.complete) return;
    if (reply.reportedInFull || !reply.llm) this.#endReply({});
    else this.#reportTimer = setTimeout(() => this.#endReply({}), REPORT_WAIT_MS).unref();
  }

  #endReply(end: ReplyEnd): void {
    clearTimeout(this.#reportTimer);
    const reply = this.#reply;
    if (!reply) return;
    this.#reply = undefined;
    if (reply.audible && reply.llm) this.#tellSilence(reply);
    reply.end(this.#openStage, this.#settings, end);
  }

  /** The user was silent when the service says so; where it does not, no later than when the words came. */
  #tellSilence({ silenceMs }: AgentReply): void {
    const heardMs = this.#heardMs;
    this.#heardMs = undefined;
    if (heardMs === undefined) return;
    const { tracker } = this.#call.listening();
    if (silenceMs === undefined) tracker.speechEnded(heardMs, 'stt_event');
    else tracker.speechEnded(Math.min(silenceMs, heardMs), 'framework');
  }

  readonly #openStage: OpenStage = (kind, facts, atMs) =>
    this.#call.listening().tracker.startStage(kind, facts, atMs);
}
