import type { Context } from '@opentelemetry/api';
import { type ConnectionEnd, TranscriptionConnection } from '../../kit/live/transcription-connection.ts';
import type { WordsEnd } from '../../kit/live/words.ts';
import { type Foreign, foreign } from '../../kit/patch.ts';
import { billedModel, bytesPerSecond } from '../audio.ts';
import type { SocketFollower } from '../socket.ts';
import { readTurnInfo, type TurnInfo } from './flux-messages.ts';

/**
 * One connection of Deepgram's live listen v2, which is Flux: it finds the turns itself. Each message has the whole
 * transcript of its turn, and comes about every quarter of a second whether or not someone speaks.
 */
export class FluxConnection extends TranscriptionConnection implements SocketFollower {
  #wordCount = 0;
  /** Where the audio ended in which the latest word was understood. */
  #heardBySeconds: number | undefined;

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
  }

  override opened(): void {
    this.#forget();
    super.opened();
  }

  closed(how: ConnectionEnd): void {
    this.end(how);
  }

  message(data: unknown, atMs: number): void {
    const info = readTurnInfo(data);
    if (!info) return;
    const { event, startSeconds, windowEndSeconds } = info;
    this.transcription.processed(windowEndSeconds);
    if (event === 'StartOfTurn' || event === 'TurnResumed') {
      const seconds = event === 'StartOfTurn' ? startSeconds : undefined;
      this.transcription.speechStarted({ seconds: seconds ?? windowEndSeconds, atMs });
    }
    const end = this.#heard(info, atMs);
    if (event === 'EagerEndOfTurn') this.transcription.speechPaused(end);
    if (event !== 'EndOfTurn') return;
    this.#forget();
    this.transcription.utteranceEnded(atMs);
  }

  #heard(
    { event, transcript, wordCount, startSeconds, endSeconds, ...info }: TurnInfo,
    atMs: number,
  ): WordsEnd {
    // No further word: the audio that was looked at since then is silence.
    if (wordCount > this.#wordCount) this.#heardBySeconds = info.windowEndSeconds;
    this.#wordCount = wordCount;
    const end = { endSeconds, heardBySeconds: this.#heardBySeconds, atMs };
    if (transcript !== undefined)
      this.transcription.heard({ text: transcript, final: event === 'EndOfTurn', startSeconds, ...end });
    return end;
  }

  #forget(): void {
    this.#wordCount = 0;
    this.#heardBySeconds = undefined;
  }
}
