import type { Context } from '@opentelemetry/api';
import { guard } from '../../call/spans.ts';
import type { StageFacts } from '../../call/stage.ts';
import { base64Bytes } from '../kit/base64.ts';
import { closedCleanly } from '../kit/live/sockets.ts';
import { SpeechSession } from '../kit/live/speech-session.ts';
import type { AudioPosition } from '../kit/live/words.ts';
import { at, type Foreign, foreign, objects, text } from '../kit/patch.ts';
import { endOf, newResponse, newUtterance, type Response, type Utterance } from './live-exchange.ts';
import { bytesPerSecond, readActivity, readPart, readTranscript } from './live-messages.ts';
import { readUsage } from './usage.ts';

/** Samples a second of Live's audio where its type does not say. */
const INPUT_RATE = 16_000;
const OUTPUT_RATE = 24_000;
/** No response has this id: its audio is heard, and gives no first byte. */
const UNASKED = 'unasked';
/** How long a turn that is complete waits for its usage, which mostly comes with it. */
const USAGE_WAIT_MS = 250;

/**
 * One Live session of Gemini, across its connections: the messages of both sides in the words of a speech-to-speech
 * session. The server reports no requests and, unless asked to, no speech: what it does not say is not measured.
 */
export class GeminiConnection {
  /** By which the session can be resumed on another connection. */
  handle: string | undefined;
  readonly #session: SpeechSession;
  readonly #facts: StageFacts;
  #utterance: Utterance | undefined;
  #response: Response | undefined;
  /** When an answer was asked for: the user has finished, a text or the result of a tool was sent. */
  #askedMs: number | undefined;
  /** The server has said that it will close the connection. */
  #goesAway = false;
  #ids = 0;
  /** The connection that counts: a session that is resumed may have two for a moment. */
  #connection = 0;
  #open = 0;
  #inputType: string | undefined;
  #outputType: string | undefined;

  constructor(facts: StageFacts) {
    this.#facts = { ...facts, streaming: true };
    this.#session = new SpeechSession({ facts: this.#facts });
  }

  /** Where everything that the session causes runs. */
  get context(): Context {
    return this.#session.context;
  }

  /** Another connection is being made; gives its number. */
  connecting(): number {
    this.#connection += 1;
    return this.#connection;
  }

  /** A connection stands. Told by its first message, and again when the application gets it. */
  opened(connection: number): void {
    if (connection <= this.#open) return;
    this.#open = connection;
    this.#goesAway = false;
    this.#session.opened();
  }

  /** A connection is gone, with this WebSocket code. */
  closed(connection: number, code: unknown, atMs: number): void {
    if (connection !== this.#open || connection !== this.#connection) return;
    const error = code === undefined || closedCleanly(code) ? undefined : 'connection_lost';
    this.#finish(atMs, error);
    const { lastMs } = this.#utterance ?? {};
    if (this.#utterance?.text && lastMs !== undefined) this.#accept(lastMs);
    this.#tellTranscript();
    this.#utterance = undefined;
    this.#askedMs = undefined;
    // Closed by the application of its own accord, it is over.
    const comesBack = this.handle !== undefined && (this.#goesAway || error !== undefined);
    this.#session.closed(atMs, { final: !comesBack, ...(error !== undefined && { error }) });
  }

  /** A message of the server came. Most of them are audio: nothing is allocated for what is not there. */
  received(message: Foreign, atMs: number): void {
    const { serverContent, toolCall, toolCallCancellation, usageMetadata } = message;
    if (message.goAway) this.#goesAway = true;
    const usage = usageMetadata ? readUsage(usageMetadata) : undefined;
    if (usage && this.#response) this.#response.usage = usage;
    if (this.#response?.over) this.#finish(atMs);
    if (message.voiceActivity || message.voiceActivityDetectionSignal) this.#readActivity(message, atMs);
    const content = foreign(serverContent);
    if (content) this.#readContent(content, atMs);
    if (toolCall) for (const call of objects(at(toolCall, 'functionCalls'))) this.#toolCalled(call, atMs);
    if (toolCallCancellation)
      for (const id of list(at(toolCallCancellation, 'ids')))
        this.#session.toolAnswered(String(id), atMs, { cancelled: true });
    if (usage && this.#response && !this.#response.usage) this.#response.usage = usage;
    if (this.#response?.over) this.#finishSoon(this.#response, atMs);
  }

  /** Sent by the application: audio, or what its own voice activity detection says. On the audio path. */
  sendRealtimeInput(input: Foreign | undefined, atMs: number): void {
    const audio = foreign(input?.audio) ?? foreign(input?.media);
    if (typeof audio?.data === 'string' && typeof audio.mimeType === 'string')
      this.#audioSent(audio.data, audio.mimeType, atMs);
    if (input?.activityStart) this.#speechStarted({ atMs });
    if (input?.activityEnd) this.#speechEnded({ atMs }, 'vad', atMs);
    if (text(input?.text)) this.#askedMs = atMs;
  }

  sendClientContent(content: Foreign | undefined, atMs: number): void {
    if (content?.turnComplete !== false) this.#askedMs = atMs;
  }

  sendToolResponse(answer: Foreign | undefined, atMs: number): void {
    if (this.#response?.over) this.#finish(atMs);
    for (const { id } of objects(answer?.functionResponses)) this.#session.toolAnswered(String(id), atMs);
    this.#askedMs = atMs;
  }

  #audioSent(data: string, type: string, atMs: number): void {
    if (type !== this.#inputType) {
      if (!type.startsWith('audio/')) return;
      this.#inputType = type;
      this.#session.describe({ inputBytesPerSecond: bytesPerSecond(type, INPUT_RATE) });
    }
    this.#session.audioSent(base64Bytes(data), atMs);
  }

  #readActivity(message: Foreign, atMs: number): void {
    const activity = readActivity(message);
    if (!activity) return;
    const { type, seconds } = activity;
    if (type === 'start') this.#speechStarted({ seconds, atMs });
    else this.#speechEnded({ seconds, atMs }, seconds === undefined ? 'stt_event' : 'vad', atMs);
  }

  #readContent(content: Foreign, atMs: number): void {
    if (content.inputTranscription) this.#readTranscript(content.inputTranscription, atMs);
    if (content.interrupted === true) this.#interrupted(atMs);
    const parts = foreign(content.modelTurn)?.parts;
    if (Array.isArray(parts)) for (const part of parts) this.#readPart(part, atMs);
    const words = text(foreign(content.outputTranscription)?.text);
    if (words) this.#answering(atMs).text += words;
    const response = this.#response;
    if (response && content.generationComplete === true) response.doneMs ??= atMs;
    if (content.turnComplete !== true) return;
    if (response) {
      response.doneMs ??= atMs;
      response.over = true;
    }
    this.#tellTranscript();
  }

  #readTranscript(transcription: unknown, atMs: number): void {
    const piece = readTranscript(transcription);
    if (!piece) return;
    const utterance = this.#unfinished() ?? this.#begin({ seconds: piece.startSeconds, atMs });
    utterance.text += piece.text;
    utterance.firstMs ??= atMs;
    utterance.lastMs = atMs;
    this.#session.wordsHeard();
    if (piece.endSeconds !== undefined && utterance.vad === 'none')
      this.#session.speechEnded({ seconds: piece.endSeconds, atMs }, 'stt_word_end');
    if (piece.finished) this.#tellTranscript();
  }

  #readPart(value: unknown, atMs: number): void {
    const part = readPart(value);
    if (part?.text !== undefined) {
      const response = this.#answering(atMs);
      response.text += part.text;
      if (response.asked) this.#session.contentReceived(response.id, atMs);
    }
    if (!part?.audio) return;
    const { bytes, type } = part.audio;
    if (type !== this.#outputType) {
      this.#outputType = type;
      this.#session.describe({ outputBytesPerSecond: bytesPerSecond(type, OUTPUT_RATE) });
    }
    const { id, asked } = this.#answering(atMs);
    this.#session.audioReceived(asked ? id : UNASKED, bytes, atMs);
  }

  #toolCalled(call: Foreign, atMs: number): void {
    const response = this.#answering(atMs);
    response.toolCalled = true;
    response.doneMs ??= atMs;
    response.over = true;
    if (response.asked) this.#session.contentReceived(response.id, atMs);
    const id = text(call.id);
    if (id !== undefined) this.#session.toolCalled(id, text(call.name), atMs);
  }

  #interrupted(atMs: number): void {
    const response = this.#response;
    if (response && response.doneMs === undefined) {
      response.doneMs = atMs;
      response.cancelled = true;
    }
    this.#session.interrupted(atMs);
  }

  #speechStarted(position: AudioPosition): void {
    this.#askedMs = undefined;
    const utterance = this.#utterance;
    // The transcript of the same speech may have come first.
    if (utterance && !utterance.committed && utterance.vad !== 'over') this.#session.speechStarted(position);
    else this.#begin(position);
    if (this.#utterance) this.#utterance.vad = 'begun';
  }

  #speechEnded(position: AudioPosition, source: 'vad' | 'stt_event', atMs: number): void {
    this.#session.speechEnded(position, source);
    if (!this.#utterance) return;
    this.#utterance.vad = 'over';
    this.#accept(atMs);
    this.#askedMs = atMs;
  }

  #begin(position: AudioPosition): Utterance {
    this.#tellTranscript();
    this.#session.speechStarted(position);
    this.#utterance = newUtterance(`utterance-${this.#ids++}`);
    return this.#utterance;
  }

  /** The utterance that a piece of a transcript belongs to: also one whose answer has begun, for transcripts are late. */
  #unfinished(): Utterance | undefined {
    return this.#utterance?.told ? undefined : this.#utterance;
  }

  #accept(atMs: number): void {
    const utterance = this.#utterance;
    if (!utterance || utterance.committed) return;
    utterance.committed = true;
    this.#session.committed(utterance.id, atMs);
    if (utterance.firstMs !== undefined) this.#session.transcriptBegun(utterance.id, utterance.firstMs);
  }

  #tellTranscript(): void {
    const utterance = this.#utterance;
    if (!utterance?.committed || utterance.told || utterance.lastMs === undefined) return;
    utterance.told = true;
    if (utterance.firstMs !== undefined) this.#session.transcriptBegun(utterance.id, utterance.firstMs);
    const transcript = { text: utterance.text.trim(), facts: this.#facts };
    this.#session.transcribed(utterance.id, transcript, utterance.lastMs);
  }

  /** The response that what comes now is part of. */
  #answering(atMs: number): Response {
    if (this.#response?.doneMs !== undefined && !this.#response.over) this.#response.over = true;
    if (this.#response?.over) this.#finish(atMs);
    return this.#response ?? this.#answer(atMs);
  }

  #answer(atMs: number): Response {
    // The server had accepted what the user said before this; when is unknown.
    if (this.#utterance?.vad !== 'begun') this.#accept(atMs);
    const asked = this.#askedMs !== undefined;
    const id = `response-${this.#ids++}`;
    this.#session.responseStarted(id, this.#askedMs ?? atMs);
    this.#askedMs = undefined;
    this.#response = newResponse(id, asked);
    return this.#response;
  }

  #finishSoon(response: Response, atMs: number): void {
    if (response.usage) {
      this.#finish(atMs);
      return;
    }
    const late = (): void => {
      if (this.#response === response) guard('ending a live response', () => this.#finish(atMs));
    };
    setTimeout(late, USAGE_WAIT_MS).unref();
  }

  #finish(atMs: number, error?: string): void {
    const response = this.#response;
    if (!response) return;
    this.#response = undefined;
    const how = endOf(response, error);
    this.#session.responseEnded(response.id, how, response.doneMs ?? atMs);
  }
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
