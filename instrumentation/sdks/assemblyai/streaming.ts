import type { Context } from '@opentelemetry/api';
import { rawBytesPerSecond } from '../kit/audio-format.ts';
import { LiveTranscription } from '../kit/live-transcription.ts';
import { type Foreign, text } from '../kit/patch.ts';
import { closeError, refusalError } from '../kit/sockets.ts';
import { readStreamingMessage, type StreamingMessage } from './messages.ts';

/** One session of AssemblyAI's universal streaming: its messages in the words of a live transcription. */
export class StreamingSession {
  readonly #transcription: LiveTranscription;
  #begun = false;
  #over = false;
  #endedTurn = -1;
  #error: string | undefined;

  /**
   * @param params What the transcriber was made with.
   * @param active The context that it connects in.
   */
  constructor(params: Foreign, active?: Context) {
    this.#transcription = new LiveTranscription({
      facts: { provider: 'assemblyai', model: text(params.speechModel) },
      bytesPerSecond: rawBytesPerSecond(params.encoding ?? 'pcm_s16le', params.sampleRate),
      active,
    });
  }

  /** Where everything that the session causes runs. */
  get context(): Context {
    return this.#transcription.context;
  }

  /** The session stands, or audio was sent already: no answer to the connect is outstanding. */
  get begun(): boolean {
    return this.#begun;
  }

  /** A frame of audio was sent. */
  sent(bytes: number, atMs: number): void {
    if (!this.#begun) this.#begin();
    this.#transcription.sent(bytes, atMs);
  }

  /** A message came. */
  message(data: unknown, atMs: number): void {
    const message = readStreamingMessage(data);
    switch (message?.type) {
      case undefined:
        break;
      case 'Begin':
        this.#begin();
        break;
      case 'SpeechStarted':
        this.#transcription.speechStarted({ seconds: message.seconds, atMs });
        break;
      case 'Turn':
        this.#turn(message, atMs);
        break;
      case 'Termination':
        // What is billed is how long the session was open. Nothing follows: the close only confirms it.
        this.#transcription.billed(message.sessionSeconds);
        this.#close(undefined);
        break;
      case 'Error':
        this.#error = message.code;
        break;
      default:
        message satisfies never;
    }
  }

  /** The connection is gone. */
  closed(code: unknown): void {
    this.#close(this.#error ?? closeError(code));
  }

  /** The session never began. */
  refused(error: unknown): void {
    if (!this.#begun) this.#close(this.#error ?? refusalError(error));
  }

  /** Once, and at the first audio where that is earlier: the provider counts the audio from there. */
  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#transcription.opened();
  }

  #turn({ order, ended, ...words }: StreamingMessage & { type: 'Turn' }, atMs: number): void {
    // With `formatTurns` a turn that has ended comes again: the same words, punctuated.
    if (order !== undefined && order <= this.#endedTurn) return;
    const { text, startSeconds, endSeconds } = words;
    if (text !== undefined) this.#transcription.heard({ text, final: ended, startSeconds, endSeconds, atMs });
    if (!ended) return;
    this.#endedTurn = order ?? this.#endedTurn;
    this.#transcription.utteranceEnded(atMs);
  }

  #close(error: string | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#transcription.closed({ final: true, error });
  }
}
