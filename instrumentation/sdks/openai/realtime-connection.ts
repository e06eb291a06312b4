import type { Context } from '@opentelemetry/api';
import type { StageFacts, StageResult } from '../../call/stage.ts';
import { base64Bytes } from '../kit/base64.ts';
import { at, type Foreign, foreign, quantity, text } from '../kit/patch.ts';
import { SpeechSession } from '../kit/speech-session.ts';
import {
  DEFAULT_TURN_DETECTION,
  PCM_BYTES_PER_SECOND,
  type RealtimeConfig,
  readConfig,
  responseUsage,
  type TurnDetection,
  transcriptionUsage,
} from './realtime-config.ts';

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

  /** The agent was silenced on the application's side: whoever plays its audio was told. */
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

  /** The server sent an event, by its present name or that of the beta. */
  server(event: Foreign, atMs: number): void {
    const responseId = text(event.response_id);
    switch (event.type) {
      case 'session.created':
      case 'session.updated':
        this.#configure(event.session);
        break;
      case 'transcription_session.created':
      case 'transcription_session.updated':
        this.#configure({ ...foreign(event.session), type: 'transcription' });
        break;
      case 'input_audio_buffer.speech_started':
        this.#speechStarted(quantity(event.audio_start_ms), atMs);
        break;
      case 'input_audio_buffer.speech_stopped':
        this.#speechStopped(text(event.item_id), quantity(event.audio_end_ms), atMs);
        break;
      case 'input_audio_buffer.committed':
        this.#committed(text(event.item_id), atMs);
        break;
      case 'conversation.item.input_audio_transcription.delta':
        this.#session.transcriptBegun(text(event.item_id) ?? '', atMs);
        break;
      case 'conversation.item.input_audio_transcription.completed':
      case 'conversation.item.input_audio_transcription.failed':
        this.#transcribed(event, atMs);
        break;
      case 'response.created':
        this.#responseCreated(text(at(event, 'response', 'id')), atMs);
        break;
      case 'response.output_audio.delta':
      case 'response.audio.delta':
        this.#session.audioReceived(responseId, base64Bytes(text(event.delta) ?? ''), atMs);
        break;
      case 'response.output_text.delta':
      case 'response.text.delta':
      case 'response.function_call_arguments.delta':
        this.#session.contentReceived(responseId, atMs);
        break;
      case 'response.output_audio_transcript.done':
      case 'response.audio_transcript.done':
        this.#session.said(responseId, text(event.transcript) ?? '');
        break;
      case 'response.output_text.done':
      case 'response.text.done':
        this.#session.said(responseId, text(event.text) ?? '');
        break;
      case 'response.output_item.added':
        this.#itemAdded(foreign(event.item));
        break;
      case 'response.function_call_arguments.done':
        this.#toolCalled(responseId, text(event.call_id), atMs);
        break;
      case 'response.output_item.done':
        this.#itemDone(responseId, foreign(event.item), atMs);
        break;
      case 'response.done':
        this.#responseDone(foreign(event.response), atMs);
        break;
      case 'output_audio_buffer.started':
        this.#session.playbackStarted(atMs);
        break;
      case 'output_audio_buffer.stopped':
        this.#session.playbackEnded(atMs);
        break;
      case 'output_audio_buffer.cleared':
        this.#session.playbackEnded(atMs, { cleared: true });
        break;
      case 'error':
        this.#refused(foreign(event.error), atMs);
        break;
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

  #committed(id: string | undefined, atMs: number): void {
    const finishedMs = this.#finishedMs;
    this.#finishedMs = undefined;
    if (finishedMs === undefined) {
      // The server answers by itself: what was asked for before it is not what begins next.
      if (this.#turnDetection?.responds) this.#asked.length = 0;
      // Nobody spoke: the server ended a long silence.
      if (this.#speech === 'none') return;
    } else {
      // Where nothing told of the beginning, it is not known.
      if (this.#speech === 'none') this.#begin({ atMs: finishedMs });
      if (this.#speech === 'begun') this.#session.speechEnded({ atMs: finishedMs }, 'stt_event');
    }
    this.#speech = 'none';
    this.#session.committed(id ?? '', finishedMs ?? atMs);
  }

  #transcribed(event: Foreign, atMs: number): void {
    const id = text(event.item_id) ?? '';
    const error = foreign(event.error);
    const usage = transcriptionUsage(event.usage, this.#seconds.get(id));
    this.#seconds.delete(id);
    this.#session.transcribed(
      id,
      {
        text: text(event.transcript),
        facts: this.#transcription,
        usage: error ? undefined : usage,
        ...(error && { error: errorCode(error) }),
      },
      atMs,
    );
  }

  #responseCreated(id: string | undefined, atMs: number): void {
    if (id !== undefined) this.#session.responseStarted(id, this.#asked.shift()?.atMs ?? atMs);
  }

  #itemAdded(item: Foreign | undefined): void {
    const id = text(item?.call_id);
    if (item?.type !== 'function_call' || id === undefined) return;
    if (this.#tools.size >= MAX_WAITING) this.#tools.clear();
    this.#tools.set(id, text(item.name));
  }

  /** From its arguments on the application may run it; it may do so before anything else is said. */
  #toolCalled(responseId: string | undefined, id: string | undefined, atMs: number): void {
    this.#session.contentReceived(responseId, atMs);
    if (id === undefined || !this.#tools.has(id)) return;
    this.#session.toolCalled(id, this.#tools.get(id), atMs);
    this.#tools.delete(id);
  }

  #itemDone(responseId: string | undefined, item: Foreign | undefined, atMs: number): void {
    const id = text(item?.call_id);
    if (item?.type !== 'function_call' || id === undefined) return;
    this.#toolCalled(responseId, id, atMs);
    // Cut off: the arguments are not complete.
    if (item.status === 'incomplete') this.#session.toolAnswered(id, atMs, { cancelled: true });
  }

  #responseDone(response: Foreign | undefined, atMs: number): void {
    const id = text(response?.id);
    if (!response || id === undefined) return;
    const details = foreign(response.status_details);
    const result: StageResult = {
      usage: responseUsage(response.usage),
      responseId: id,
      finishReasons: finishReasons(response, details),
    };
    const cancelled = response.status === 'cancelled';
    const failed = response.status === 'failed';
    this.#session.responseEnded(
      id,
      { result, cancelled, ...(failed && { error: errorCode(foreign(details?.error)) }) },
      atMs,
    );
  }

  /** The server did not accept an event of the application. */
  #refused(error: Foreign | undefined, atMs: number): void {
    const eventId = text(error?.event_id);
    const index = eventId === undefined ? -1 : this.#asked.findIndex((asked) => asked.eventId === eventId);
    // The application asked twice: the response that is going on answers.
    if (error?.code === 'conversation_already_has_active_response') this.#asked.splice(Math.max(0, index), 1);
    else if (index >= 0) {
      const [asked] = this.#asked.splice(index, 1);
      const id = `refused:${eventId}`;
      this.#session.responseStarted(id, asked?.atMs ?? atMs);
      this.#session.responseEnded(id, { error: errorCode(error) }, atMs);
    } else if (error?.code === 'input_audio_buffer_commit_empty') this.#finishedMs = undefined;
  }
}

const seconds = (ms: number | undefined, moreMs: number): number | undefined =>
  ms === undefined ? undefined : Math.max(0, ms + moreMs) / 1_000;

/** The class of an error in the words of the API. */
const errorCode = (error: Foreign | undefined): string =>
  text(error?.code) ?? text(error?.type) ?? 'response_failed';

function finishReasons(response: Foreign, details: Foreign | undefined): string[] {
  const output: readonly unknown[] = Array.isArray(response.output) ? response.output : [];
  if (output.some((item) => at(item, 'type') === 'function_call')) return ['tool_calls'];
  if (response.status === 'completed') return ['stop'];
  const reason = text(details?.reason);
  return reason === 'max_output_tokens' ? ['length'] : reason ? [reason] : [];
}
