import type { Context } from '@opentelemetry/api';
import { rawBytesPerSecond } from '../kit/audio-format.ts';
import { closeError, refusalError } from '../kit/live/sockets.ts';
import { TranscriptionConnection } from '../kit/live/transcription-connection.ts';
import { type Foreign, text } from '../kit/patch.ts';
import { readStreamingMessage, type StreamingMessage } from './messages.ts';

/** One session of AssemblyAI's universal streaming: its messages in the words of a live transcription. */
export class StreamingSession extends TranscriptionConnection {
  #endedTurn = -1;

  /**
   * @param params What the transcriber was made with.
   * @param active The context that it connects in.
   */
  constructor(params: Foreign, active?: Context) {
    super(
      {
        facts: { provider: 'assemblyai', model: text(params.speechModel) },
        bytesPerSecond: rawBytesPerSecond(params.encoding ?? 'pcm_s16le', params.sampleRate),
        active,
      },
      { countsFromAudio: true },
    );
  }

  message(data: unknown, atMs: number): void {
    const message = readStreamingMessage(data);
    switch (message?.type) {
      case undefined:
        break;
      case 'Begin':
        this.opened();
        break;
      case 'SpeechStarted':
        this.transcription.speechStarted({ seconds: message.seconds, atMs });
        break;
      case 'Turn':
        this.#turn(message, atMs);
        break;
      case 'Termination':
        // What is billed is how long the session was open. Nothing follows: the close only confirms it.
        this.transcription.billed(message.sessionSeconds);
        this.end({ final: true });
        break;
      case 'Error':
        this.error = message.code;
        break;
      default:
        message satisfies never;
    }
  }

  /** The connection is gone. */
  closed(code: unknown): void {
    this.end({ final: true, error: this.error ?? closeError(code) });
  }

  /** The session never began. */
  refused(error: unknown): void {
    if (!this.begun) this.end({ final: true, error: refusalError(error) });
  }

  #turn({ order, ended, ...words }: StreamingMessage & { type: 'Turn' }, atMs: number): void {
    // With `formatTurns` a turn that has ended comes again: the same words, punctuated.
    if (order !== undefined && order <= this.#endedTurn) return;
    const { text, startSeconds, endSeconds, pauses } = words;
    if (text !== undefined)
      this.transcription.heard({ text, final: ended, startSeconds, endSeconds, pauses, atMs });
    if (!ended) return;
    this.#endedTurn = order ?? this.#endedTurn;
    this.transcription.utteranceEnded(atMs);
  }
}
