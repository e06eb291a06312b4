import type { Context } from '@opentelemetry/api';
import { LiveTranscription } from '../kit/live-transcription.ts';
import { type Foreign, foreign } from '../kit/patch.ts';
import { billedModel, bytesPerSecond } from './audio.ts';
import { type ListenMessage, readMessage } from './listen-messages.ts';
import type { SocketFollower } from './socket.ts';

/** One connection of Deepgram's live listen v1: its messages in the words of a live transcription. */
export class ListenConnection implements SocketFollower {
  readonly #transcription: LiveTranscription;
  readonly #everyFinalEnds: boolean;

  /**
   * @param args What the application connects with.
   * @param active The context that it connects in.
   */
  constructor(args: Foreign, active?: Context) {
    const query = { ...args, ...foreign(args.queryParams) };
    this.#transcription = new LiveTranscription({
      facts: { provider: 'deepgram', model: billedModel(query) },
      bytesPerSecond: bytesPerSecond(query),
      active,
    });
    // Without endpointing and without UtteranceEnd nothing else tells that somebody has finished.
    this.#everyFinalEnds = String(query.endpointing) === 'false' && query.utterance_end_ms === undefined;
  }

  get context(): Context {
    return this.#transcription.context;
  }

  /** A frame of audio was sent. */
  sent(bytes: number, atMs: number): void {
    this.#transcription.sent(bytes, atMs);
  }

  opened(): void {
    this.#transcription.opened();
  }

  closed(how: { final: boolean; error?: unknown }): void {
    this.#transcription.closed(how);
  }

  message(data: unknown, atMs: number): void {
    const message = readMessage(data);
    switch (message?.type) {
      case undefined:
        break;
      case 'SpeechStarted':
        this.#transcription.speechStarted({ seconds: message.timestamp, atMs });
        break;
      case 'Results':
        this.#results(message, atMs);
        break;
      case 'UtteranceEnd':
        this.#transcription.utteranceEnded(atMs);
        break;
      case 'Metadata':
        this.#transcription.billed(message.duration);
        break;
      default:
        message satisfies never;
    }
  }

  #results(message: ListenMessage & { type: 'Results' }, atMs: number): void {
    const { transcript, words, isFinal: final } = message;
    this.#transcription.processed(message.end);
    if (transcript !== undefined)
      this.#transcription.heard({
        text: transcript,
        final,
        startSeconds: words.at(0)?.start ?? message.start,
        endSeconds: words.at(-1)?.end,
        atMs,
      });
    if (message.speechFinal || message.fromFinalize || (this.#everyFinalEnds && final))
      this.#transcription.utteranceEnded(atMs);
  }
}
