import type { Context } from '@opentelemetry/api';
import { type ConnectionEnd, TranscriptionConnection } from '../../kit/live/transcription-connection.ts';
import { pausesBetween } from '../../kit/live/words.ts';
import { type Foreign, foreign } from '../../kit/patch.ts';
import { billedModel, bytesPerSecond } from '../audio.ts';
import type { SocketFollower } from '../socket.ts';
import { type ListenMessage, readMessage } from './listen-messages.ts';

/** One connection of Deepgram's live listen v1: its messages in the words of a live transcription. */
export class ListenConnection extends TranscriptionConnection implements SocketFollower {
  readonly #everyFinalEnds: boolean;

  /**
   * @param args What the application connects with.
   * @param active The context that it connects in.
   */
  constructor(args: Foreign, active?: Context) {
    const query = { ...args, ...foreign(args.queryParams) };
    super({
      facts: { provider: 'deepgram', model: billedModel(query) },
      bytesPerSecond: bytesPerSecond(query),
      active,
    });
    // Without endpointing and without UtteranceEnd nothing else tells that someone has finished.
    this.#everyFinalEnds = String(query.endpointing) === 'false' && query.utterance_end_ms === undefined;
  }

  closed(how: ConnectionEnd): void {
    this.end(how);
  }

  message(data: unknown, atMs: number): void {
    const message = readMessage(data);
    switch (message?.type) {
      case undefined:
        break;
      case 'SpeechStarted':
        this.transcription.speechStarted({ seconds: message.timestamp, atMs });
        break;
      case 'Results':
        this.#results(message, atMs);
        break;
      case 'UtteranceEnd':
        this.transcription.utteranceEnded(atMs);
        break;
      case 'Metadata':
        this.transcription.billed(message.duration);
        break;
      default:
        message satisfies never;
    }
  }

  #results(message: ListenMessage & { type: 'Results' }, atMs: number): void {
    const { transcript, words, isFinal: final } = message;
    this.transcription.processed(message.end);
    if (transcript !== undefined)
      this.transcription.heard({
        text: transcript,
        final,
        startSeconds: words.at(0)?.start ?? message.start,
        endSeconds: words.at(-1)?.end,
        ...(words.length > 0 && { pauses: pausesBetween(words) }),
        atMs,
      });
    if (message.speechFinal || message.fromFinalize || (this.#everyFinalEnds && final))
      this.transcription.utteranceEnded(atMs);
  }
}
