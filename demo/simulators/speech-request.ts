import { type RawEncoding, SAMPLE_BYTES, synthesize } from './voice.ts';

/** What a client of the Cartesia simulator wants spoken. */
export interface SpeechRequest {
  readonly model: string;
  readonly text: string;
  readonly encoding: RawEncoding;
  readonly sampleRate: number;
}

/** Reads a request body; a string says what is wrong with it. */
export function readSpeechRequest(
  body: Readonly<Record<string, unknown>> | undefined,
): SpeechRequest | string {
  if (!body) return 'the body must be JSON';
  const { model_id: model, transcript: text, voice, output_format: format } = body;
  if (typeof model !== 'string') return 'model_id is required';
  if (typeof text !== 'string') return 'transcript is required';
  if (!voice) return 'voice is required';
  const { container, encoding, sample_rate: sampleRate } = (format ?? {}) as Record<string, unknown>;
  if (container !== 'raw' || typeof encoding !== 'string' || !(encoding in SAMPLE_BYTES)) {
    return 'this simulator makes raw audio only';
  }
  if (typeof sampleRate !== 'number' || sampleRate < 8000) return 'sample_rate is required';
  return { model, text, encoding: encoding as RawEncoding, sampleRate };
}

const CHUNK_SECONDS = 0.1;

/** The audio of one request in chunks, and how much of it was sent. */
export class Speech {
  /** Pieces of a tenth of a second. */
  readonly chunks: readonly Buffer[];
  /** Milliseconds of audio in a chunk. */
  readonly chunkMs = CHUNK_SECONDS * 1000;
  readonly #characters: number;
  readonly #bytesPerSecond: number;
  #bytes = 0;

  /** @param seconds Of audio. (Default: as long as the voice takes for the text.) */
  constructor({ text, encoding, sampleRate }: SpeechRequest, seconds?: number) {
    const audio = synthesize(text, encoding, sampleRate, seconds);
    this.#characters = text.length;
    this.#bytesPerSecond = SAMPLE_BYTES[encoding] * sampleRate;
    const size = CHUNK_SECONDS * sampleRate * SAMPLE_BYTES[encoding];
    this.chunks = Array.from({ length: Math.ceil(audio.length / size) }, (_, i) =>
      audio.subarray(i * size, (i + 1) * size),
    );
  }

  /** Milliseconds between two chunks, for all of them to be sent in `ms`. */
  paceMs(ms: number | undefined): number | undefined {
    return ms === undefined ? undefined : ms / Math.max(1, this.chunks.length - 1);
  }

  /** Counts a chunk as sent. */
  count(chunk: Buffer): void {
    this.#bytes += chunk.length;
  }

  /** Characters asked for, bytes sent, and the seconds of audio in those bytes. */
  get sent(): { readonly characters: number; readonly bytes: number; readonly audioSeconds: number } {
    return {
      characters: this.#characters,
      bytes: this.#bytes,
      audioSeconds: this.#bytes / this.#bytesPerSecond,
    };
  }
}
