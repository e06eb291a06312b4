import type { Context } from '@opentelemetry/api';
import { rawBytesPerSecond } from '../kit/audio-format.ts';
import { closeError, refusalError } from '../kit/live/sockets.ts';
import { TranscriptionConnection } from '../kit/live/transcription-connection.ts';
import { type Foreign, text } from '../kit/patch.ts';
import { readCartesiaListenMessage } from './listen-messages.ts';

/** The models that finish an utterance by themselves, after a silence. */
const FINISHES_ALONE = /^ink-whisper/;

/** One socket of Cartesia's transcription, across its reconnects: its messages in the words of a live transcription. */
export class CartesiaListenConnection extends TranscriptionConnection {
  readonly #finishesAlone: boolean;
  /** The connection is open: what was sent is heard. */
  #stands = false;
  /** The application asked for what is outstanding, and will be told when it has it all. */
  #flushing = false;

  /**
   * @param parameters What the socket is opened with.
   * @param active The context that it is opened in.
   */
  constructor(parameters: Foreign, active?: Context) {
    const model = text(parameters.model);
    super(
      {
        facts: { provider: 'cartesia', model },
        bytesPerSecond: rawBytesPerSecond(parameters.encoding, parameters.sample_rate),
        separator: '',
        active,
      },
      // The SDK keeps what it is given while it connects.
      { countsFromAudio: true },
    );
    this.#finishesAlone = model !== undefined && FINISHES_ALONE.test(model);
  }

  override opened(): void {
    super.opened();
    this.#stands = true;
  }

  /** A command was sent. */
  commanded(command: unknown): void {
    if (command === 'finalize' || command === 'close') this.#flushing = true;
  }

  message(value: unknown, atMs: number): void {
    const message = readCartesiaListenMessage(value);
    if (!message) return;
    const { transcription } = this;
    this.error = undefined;
    switch (message.type) {
      case 'turn.start':
        transcription.speechStarted({ atMs });
        break;
      case 'turn.update':
      case 'turn.eager_end':
        if (message.text.trim()) transcription.heard({ text: message.text, final: false, atMs });
        if (message.type === 'turn.eager_end') transcription.speechPaused({ atMs });
        break;
      case 'turn.end':
        if (message.text.trim()) transcription.heard({ text: message.text, final: true, atMs });
        transcription.utteranceEnded(atMs);
        break;
      case 'transcript':
        if (message.text.trim()) transcription.heard({ ...message, atMs });
        if (message.final && this.#finishesAlone && !this.#flushing) transcription.utteranceEnded(atMs);
        break;
      case 'flush_done':
        this.#flushing = false;
        transcription.utteranceEnded(atMs);
        break;
      case 'done':
        // All is processed and nothing follows: the close only confirms it.
        transcription.utteranceEnded(atMs);
        this.end({ final: true });
        break;
      case 'error':
        this.error = message.class;
        break;
      default:
        message satisfies never;
    }
  }

  /** Something failed that is not a message. Why the connection was not opened is told in no other way. */
  failed(error: unknown): void {
    if (!this.#stands) this.error ??= refusalError(error);
  }

  /** The connection is lost, and the SDK tries to open another. */
  lost(): void {
    if (!this.#stands) return;
    this.#stands = false;
    this.end({ final: false });
  }

  /** The socket is closed for good. */
  closed(code: unknown): void {
    // What was kept to be sent was never heard.
    if (!this.#stands) this.transcription.billed(0);
    this.end({ final: true, error: this.error ?? closeError(code) });
  }
}
