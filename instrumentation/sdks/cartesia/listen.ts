import type { Context } from '@opentelemetry/api';
import { rawBytesPerSecond } from '../kit/audio-format.ts';
import { LiveTranscription } from '../kit/live-transcription.ts';
import { type Foreign, text } from '../kit/patch.ts';
import { closeError, refusalError } from '../kit/sockets.ts';
import { readCartesiaListenMessage } from './listen-messages.ts';

/** The models that finish an utterance by themselves, after a silence. */
const FINISHES_ALONE = /^ink-whisper/;

/** One socket of Cartesia's transcription, across its reconnects: its messages in the words of a live transcription. */
export class CartesiaListenConnection {
  readonly #transcription: LiveTranscription;
  readonly #finishesAlone: boolean;
  /** Something was sent since the connection before was lost: positions in the audio count from there. */
  #begun = false;
  /** The connection is open: what was sent is heard. */
  #stands = false;
  #over = false;
  /** The application asked for what is outstanding, and will be told when it has it all. */
  #flushing = false;
  #error: string | undefined;

  /**
   * @param parameters What the socket is opened with.
   * @param active The context that it is opened in.
   */
  constructor(parameters: Foreign, active?: Context) {
    const model = text(parameters.model);
    this.#transcription = new LiveTranscription({
      facts: { provider: 'cartesia', model },
      bytesPerSecond: rawBytesPerSecond(parameters.encoding, parameters.sample_rate),
      separator: '',
      active,
    });
    this.#finishesAlone = model !== undefined && FINISHES_ALONE.test(model);
  }

  /** Where everything that the socket causes runs. */
  get context(): Context {
    return this.#transcription.context;
  }

  /** The connection is open, or open again. */
  opened(): void {
    this.#begin();
    this.#stands = true;
  }

  /** A frame of audio was given to the SDK, which keeps it while it connects. */
  sent(bytes: number, atMs: number): void {
    if (this.#over) return;
    if (!this.#begun) this.#begin();
    this.#transcription.sent(bytes, atMs);
  }

  /** A command was sent. */
  commanded(command: unknown): void {
    if (command === 'finalize' || command === 'close') this.#flushing = true;
  }

  /** A message came. */
  message(value: unknown, atMs: number): void {
    const message = readCartesiaListenMessage(value);
    if (!message) return;
    const transcription = this.#transcription;
    this.#error = undefined;
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
        this.#close(undefined);
        break;
      case 'error':
        this.#error = message.class;
        break;
      default:
        message satisfies never;
    }
  }

  /** Something failed that is no message. Why the connection was not opened is told in no other way. */
  failed(error: unknown): void {
    if (!this.#stands) this.#error ??= refusalError(error);
  }

  /** The connection is lost, and the SDK tries to open another. */
  lost(): void {
    if (!this.#stands) return;
    this.#begun = false;
    this.#stands = false;
    this.#transcription.closed({ final: false });
  }

  /** The socket is closed for good. */
  closed(code: unknown): void {
    // What was kept to be sent was never heard.
    if (!this.#stands) this.#transcription.billed(0);
    this.#close(this.#error ?? closeError(code));
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#transcription.opened();
  }

  #close(error: string | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#transcription.closed({ final: true, error });
  }
}
