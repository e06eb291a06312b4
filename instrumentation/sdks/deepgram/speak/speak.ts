import type { Context } from '@opentelemetry/api';
import { nowMs } from '../../../call/clock.ts';
import { byteLength } from '../../kit/live/sockets.ts';
import { at, type Foreign, foreign, text } from '../../kit/patch.ts';
import { socketFormat } from '../audio.ts';
import type { SocketFollower } from '../socket.ts';
import { readSpeakMessage } from './speak-messages.ts';
import { SpeechQueue } from './speech-queue.ts';

/** What v1 and v2 of live speak have in common. */
abstract class SpeakConnection implements SocketFollower {
  protected readonly queue: SpeechQueue;
  #closing = false;

  /**
   * @param args What the application connects with.
   * @param opened The context that it connects in.
   */
  constructor(args: Foreign, opened: Context) {
    const query = { ...args, ...foreign(args.queryParams) };
    this.queue = new SpeechQueue(text(query.model), socketFormat(query), opened);
  }

  get context(): Context {
    return this.queue.context;
  }

  opened(): void {}

  /** The application sent text to be spoken. */
  say(sent: unknown): void {
    const words = text(at(sent, 'text'));
    if (words !== undefined) this.queue.say(words);
  }

  /** The application asked for the end: what was sent is still spoken. */
  close(): void {
    this.#closing = true;
    this.queue.flush({ counts: false });
  }

  abstract message(data: unknown, atMs: number): void;

  closed({ error }: { error?: string | undefined }): void {
    const closing = this.#closing;
    this.#closing = false;
    this.queue.close((synthesis) => {
      if (error !== undefined) synthesis.fail(error);
      else if (closing && synthesis.audible) synthesis.end();
      else synthesis.cancel();
    });
  }

  protected failed(code: string | undefined): void {
    this.queue.close((synthesis) => synthesis.fail(code ?? 'error'));
  }
}

/** One connection of live speak v1: what is sent between two flushes is one synthesis. */
export class SpeakV1Connection extends SpeakConnection {
  /** Clears that were not confirmed yet: what comes until then was on its way. */
  #clears = 0;

  override opened(): void {
    this.#clears = 0;
  }

  /** The application asked for the audio of what it has sent. */
  flush(): void {
    this.queue.flush({ counts: true });
  }

  /** The application threw away what is not spoken yet. */
  clear(): void {
    this.#clears++;
    this.queue.stop(this.queue.mark, nowMs());
  }

  message(data: unknown, atMs: number): void {
    if (typeof data !== 'string') {
      if (this.#clears === 0) this.queue.audio(byteLength(data), atMs);
      return;
    }
    const message = readSpeakMessage(data);
    if (message?.type === 'Metadata') this.queue.model ??= message.model;
    else if (message?.type === 'Cleared') this.#clears = Math.max(0, this.#clears - 1);
    else if (message?.type === 'Flushed' && this.#clears === 0) this.queue.spoken();
    else if (message?.type === 'Error') this.failed(message.code);
  }
}

/** Warnings that an interruption was not carried out. */
const NOT_INTERRUPTED: ReadonlySet<unknown> = new Set(['NO_AUDIO_GENERATED', 'INVALID_INTERRUPT_OFFSET']);

/** One connection of live speak v2, which is Flux: it tells when a text begins and ends, and what it is billed as. */
export class SpeakV2Connection extends SpeakConnection {
  /** An interruption that was not confirmed yet. */
  #interruption: { readonly mark: number; readonly atMs: number } | undefined;

  override opened(): void {
    this.#interruption = undefined;
  }

  /** The text is complete. */
  flush(): void {
    this.queue.flush({ counts: false });
  }

  /** The user barged in. The service may not take it: it says so. */
  interrupt(): void {
    this.#interruption ??= { mark: this.queue.mark, atMs: nowMs() };
  }

  message(data: unknown, atMs: number): void {
    if (typeof data !== 'string') {
      if (!this.#interruption) this.queue.audio(byteLength(data), atMs);
      return;
    }
    const message = readSpeakMessage(data);
    if (message?.type === 'Connected') this.queue.model ??= message.model;
    else if (message?.type === 'SpeechStarted') this.queue.started(message.id);
    else if (message?.type === 'SpeechMetadata') this.queue.spoken(message);
    else if (message?.type === 'SpeechInterrupted') {
      const { mark, atMs: stoppedMs } = this.#interruption ?? { mark: this.queue.mark, atMs };
      this.#interruption = undefined;
      this.queue.stop(mark, stoppedMs, message);
    } else if (message?.type === 'Warning' && NOT_INTERRUPTED.has(message.code))
      this.#interruption = undefined;
    else if (message?.type === 'Error') this.failed(message.code);
  }
}
