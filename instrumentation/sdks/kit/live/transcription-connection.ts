import type { Context } from '@opentelemetry/api';
import { LiveTranscription, type LiveTranscriptionInit } from './live-transcription.ts';

/** How a connection went. */
export interface ConnectionEnd {
  /** For good: it will not be opened again. */
  readonly final: boolean;
  /** The class of what it broke by. Absent: it was closed in good order. */
  readonly error?: string | undefined;
}

/**
 * A connection to a live recogniser, as everything that shows one needs it. Who extends it reads the provider's messages
 * and tells `transcription` what they mean.
 */
export abstract class TranscriptionConnection {
  protected readonly transcription: LiveTranscription;
  /** The class of what the server says went wrong: when the connection then ends, it broke by that. */
  protected error: string | undefined;
  readonly #countsFromAudio: boolean;
  #begun = false;
  #over = false;

  /**
   * @param how.countsFromAudio Audio that is given to the SDK before the connection stands is kept and sent: the provider
   * counts from there. (Default: false: it counts from when the connection stands.)
   */
  constructor(init: LiveTranscriptionInit, { countsFromAudio = false } = {}) {
    this.transcription = new LiveTranscription(init);
    this.#countsFromAudio = countsFromAudio;
  }

  /** Where everything that the connection causes runs. */
  get context(): Context {
    return this.transcription.context;
  }

  /** The connection stands, or audio for it was given to the SDK. */
  get begun(): boolean {
    return this.#begun;
  }

  /** A message came. Instants are milliseconds since 1970. */
  abstract message(data: unknown, atMs: number): void;

  /** The connection stands, or stands again. */
  opened(): void {
    this.#begin();
  }

  /** A frame of audio was given to the SDK. On the audio path: no allocation. */
  sent(bytes: number, atMs: number): void {
    if (this.#over || bytes <= 0) return;
    if (!this.#begun && this.#countsFromAudio) this.#begin();
    this.transcription.sent(bytes, atMs);
  }

  #begin(): void {
    if (this.#countsFromAudio && (this.#begun || this.#over)) return;
    this.#begun = true;
    this.#over = false;
    this.transcription.opened();
  }

  /** The connection is gone. Once it is for good, nothing more counts. */
  protected end({ final, error }: ConnectionEnd): void {
    if (this.#over) return;
    this.#over = final;
    if (!final) this.#begun = false;
    this.transcription.closed({ final, error: error && (this.error ?? error) });
  }
}
