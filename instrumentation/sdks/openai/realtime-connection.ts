import type { Context } from '@opentelemetry/api';
import type { StageFacts } from '../../call/stage.ts';
import { SpeechSession } from '../kit/live/speech-session.ts';
import { at, type Foreign, foreign, text } from '../kit/patch.ts';
import {
  DEFAULT_TURN_DETECTION,
  PCM_BYTES_PER_SECOND,
  type RealtimeConfig,
  readConfig,
  type TurnDetection,
  transcriptionUsage,
} from './realtime-config.ts';
import { type RealtimeEvent, readRealtimeEvent } from './realtime-messages.ts';

/** Audio that stops so long was a key let go: where the application decides, its return is the beginning of speech. */
const PAUSE_MS = 500;
/** Requests that may wait for the response to begin, and utterances for their transcript. */
const MAX_WAITING = 64;

/** One connection to OpenAI's Realtime API: the events of both sides in the words of a speech-to-speech session. */
export class RealtimeConnection {
  readonly #session: SpeechSession;
  readonly #provider: string;
  #transcription: StageFacts;
  #turnDetection: TurnDetection | null = DEFAULT_TURN_DETECTION;
  /** What the user says, until it is accepted. */
  #speech: 'none' | 'begun' | 'over' = 'none';
  /** Where the speech that is going on began, in milliseconds of audio. */
  #speechStart: number | undefined;
  /** Seconds of audio of an utterance whose transcript is awaited. */
  readonly #seconds = new Map<string, number>();
  /** Names of tools that the model is about to call. */
  readonly #tools = new Map<string, string | undefined>();
  /** When the application said that the user has finished, until the server has heard of it. */
  #finishedMs: number | undefined;
  /** When it asked for responses that have not begun. */
  readonly #asked: { readonly atMs: number; readonly eventId: string | undefined }[] = [];
  /** When audio was last sent; undefined before any was. */
  #audioMs: number | undefined;

  /** @param active The context that the application connects in. (Default: the active one.) */
  constructor({ provider, model }: { provider: string; model: string | undefined }, active?: Context) {
    this.#provider = provider;
    this.#transcription = { provider };
    this.#session = new SpeechSession({
      facts: { provider, model, streaming: true },
      inputBytesPerSecond: PCM_BYTES_PER_SECOND,
      outputBytesPerSecond: PCM_BYTES_PER_SECOND,
      active,
    });
  }

  /** Where everything that the connection causes runs. */
  get context(): Context {
    return this.#session.context;
  }

  /** The connection stands, or stands again. */
  opened(): void {
    this.#session.opened();
    this.#audioMs = undefined;
    this.#speech = 'none';
    this.#asked.length = 0;
  }

  /** The connection is gone; for good, when it is `final`. */
  closed(atMs: number, how: { final: boolean; error?: unknown }): void {
    this.#session.closed(atMs, how);
  }

  /** Audio was sent, of `bytes` when decoded. On the audio path: no allocation. */
  audioSent(bytes: number, atMs: number): void {
    this.#session.audioSent(bytes, atMs);
    const pausedMs = this.#audioMs === undefined ? 0 : atMs - this.#audioMs;
    this.#audioMs = atMs;
    if (this.#turnDetection === null && pausedMs > PAUSE_MS && this.#speech === 'none') this.#begin({ atMs });
  }

  /** The agent was silenced on the application's side: the player of its audio was told. */
  silenced(atMs: number): void {
    if (this.#speech !== 'none') this.#session.interrupted(atMs);
    else this.#session.silenced(atMs);
  }

  /** The application sends an event. Audio goes to {@link audioSent} instead. */
  client(event: Foreign, atMs: number): void {
    switch (event.type) {
      case 'session.update':
        this.#configure(event.session);
        break;
      case 'input_audio_buffer.commit':
        this.#finishedMs = atMs;
        break;
      case 'input_audio_buffer.clear':
        if (this.#speech === 'begun') this.#session.speechEnded({ atMs }, 'stt_event');
        this.#speech = 'none';
        break;
      case 'response.create':
        if (this.#asked.length < MAX_WAITING) this.#asked.push({ atMs, eventId: text(event.event_id) });
        break;
      case 'conversation.item.truncate':
      case 'output_audio_buffer.clear':
        this.silenced(atMs);
        break;
      case 'conversation.item.create': {
        const id = text(at(event, 'item', 'call_id'));
        if (id && at(event, 'item', 'type') === 'function_call_output') this.#session.toolAnswered(id, atMs);
        break;
      }
    }
  }

  /** The server sent an event. */
  server(sent: Foreign, atMs: number): void {
    const event = readRealtimeEvent(sent);
    if (event) this.#heard(event, atMs);
  }

  #heard(event: RealtimeEvent, atMs: number): void {
    switch (event.type) {
      case 'session':
        this.#configure(event.session);
        break;
      case 'speech_started':
        this.#speechStarted(event.startMs, atMs);
        break;
      case 'speech_stopped':
        this.#speechStopped(event.item, event.endMs, atMs);
        break;
      case 'committed':
        this.#committed(event.item, atMs);
        break;
      case 'transcript_begun':
        this.#session.transcriptBegun(event.item, atMs);
        break;
      case 'transcribed':
        this.#transcribed(event, atMs);
        break;
      case 'response_created':
        this.#session.responseStarted(event.response, this.#asked.shift()?.atMs ?? atMs);
        break;
      case 'audio':
        this.#session.audioReceived(event.response, event.bytes, atMs);
        break;
      case 'content':
        this.#session.contentReceived(event.response, atMs);
        break;
      case 'said':
        this.#session.said(event.response, event.text);
        break;
      case 'tool_named':
        if (this.#tools.size >= MAX_WAITING) this.#tools.clear();
        this.#tools.set(event.call, event.name);
        break;
      case 'tool_called':
        this.#toolCalled(event, atMs);
        break;
      case 'response_done': {
        const { response, result, cancelled, error } = event;
        this.#session.responseEnded(response, { result, cancelled, ...(error && { error }) }, atMs);
        break;
      }
      case 'playback_started':
        this.#session.playbackStarted(atMs);
        break;
      case 'playback_ended':
      case 'playback_cleared':
        this.#session.playbackEnded(atMs, { cleared: event.type === 'playback_cleared' });
        break;
      case 'refused':
        this.#refused(event, atMs);
        break;
      default:
        event satisfies never;
    }
  }

  #configure(session: unknown): void {
    const config: RealtimeConfig = readConfig(foreign(session) ?? {});
    const { model, inputBytesPerSecond, outputBytesPerSecond, listensOnly } = config;
    this.#session.describe({
      ...(model && { facts: { model } }),
      inputBytesPerSecond,
      outputBytesPerSecond,
      listensOnly,
    });
    if (config.turnDetection !== undefined) this.#turnDetection = config.turnDetection;
    if (config.transcriptionModel)
      this.#transcription = { provider: this.#provider, model: config.transcriptionModel };
  }

  #begin(at: { seconds?: number | undefined; atMs: number }): void {
    this.#speech = 'begun';
    this.#session.speechStarted(at);
  }

  /** The position is that of the audio which the model gets: a little more than the speech. */
  #speechStarted(startMs: number | undefined, atMs: number): void {
    this.#speechStart = startMs;
    const { prefixMs = 0, interrupts = true } = this.#turnDetection ?? {};
    this.#begin({ seconds: seconds(startMs, prefixMs), atMs });
    if (interrupts) this.#session.interrupted(atMs);
  }

  /**
   * The position is that of the audio which the model gets, the silence that ended the speech included. How long that
   * was is not known where a model decides, and the place in time is not where the audio went another way.
   */
  #speechStopped(id: string | undefined, endMs: number | undefined, atMs: number): void {
    this.#speech = 'over';
    const { silenceMs } = this.#turnDetection ?? {};
    const exact = silenceMs !== undefined && endMs !== undefined && this.#audioMs !== undefined;
    this.#session.speechEnded(
      { seconds: seconds(endMs, -(silenceMs ?? 0)), atMs: atMs - (silenceMs ?? 0) },
      exact ? 'vad' : 'stt_event',
    );
    if (id === undefined || endMs === undefined || this.#speechStart === undefined) return;
    if (this.#seconds.size >= MAX_WAITING) this.#seconds.clear();
    this.#seconds.set(id, Math.max(0, endMs - this.#speechStart) / 1_000);
  }

  #committed(id: string, atMs: number): void {
    const finishedMs = this.#finishedMs;
    this.#finishedMs = undefined;
    if (finishedMs === undefined) {
      // The server answers by itself: what was asked for before it is not what begins next.
      if (this.#turnDetection?.responds) this.#asked.length = 0;
      // No one spoke: the server ended a long silence.
      if (this.#speech === 'none') return;
    } else {
      // Where nothing reported the beginning, it is unknown.
      if (this.#speech === 'none') this.#begin({ atMs: finishedMs });
      if (this.#speech === 'begun') this.#session.speechEnded({ atMs: finishedMs }, 'stt_event');
    }
    this.#speech = 'none';
    this.#session.committed(id, finishedMs ?? atMs);
  }

  #transcribed({ item, text, usage, error }: Heard<'transcribed'>, atMs: number): void {
    const used = transcriptionUsage(usage, this.#seconds.get(item));
    this.#seconds.delete(item);
    this.#session.transcribed(
      item,
      { text, facts: this.#transcription, usage: error === undefined ? used : undefined, error },
      atMs,
    );
  }

  /** From its arguments on the application may run it; it may do so before anything else is said. */
  #toolCalled({ response, call, incomplete }: Heard<'tool_called'>, atMs: number): void {
    this.#session.contentReceived(response, atMs);
    if (call !== undefined && this.#tools.has(call)) {
      this.#session.toolCalled(call, this.#tools.get(call), atMs);
      this.#tools.delete(call);
    }
    // Cut off: the arguments are not complete.
    if (incomplete && call !== undefined) this.#session.toolAnswered(call, atMs, { cancelled: true });
  }

  #refused({ code, event }: Heard<'refused'>, atMs: number): void {
    const index = event === undefined ? -1 : this.#asked.findIndex(({ eventId }) => eventId === event);
    // The application asked twice: the response that is going on answers.
    if (code === 'conversation_already_has_active_response') this.#asked.splice(Math.max(0, index), 1);
    else if (index >= 0) {
      const [asked] = this.#asked.splice(index, 1);
      const id = `refused:${event}`;
      this.#session.responseStarted(id, asked?.atMs ?? atMs);
      this.#session.responseEnded(id, { error: code }, atMs);
    } else if (code === 'input_audio_buffer_commit_empty') this.#finishedMs = undefined;
  }
}

type Heard<Type extends RealtimeEvent['type']> = RealtimeEvent & { readonly type: Type };

const seconds = (ms: number | undefined, moreMs: number): number | undefined =>
  ms === undefined ? undefined : Math.max(0, ms + moreMs) / 1_000;
