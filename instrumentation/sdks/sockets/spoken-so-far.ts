import type { LiveTranscription } from '../kit/live/live-transcription.ts';

/** Words of an utterance that are kept. */
const MAX_CHARACTERS = 16_384;

/** Words that will not change any more. Positions are seconds of audio. */
export interface FinalWords {
  readonly text: string;
  readonly startSeconds: number | undefined;
  readonly endSeconds: number | undefined;
}

/** What was said since the last end of an utterance, of a recogniser that gives its final words piece by piece. */
export class SpokenSoFar {
  readonly #transcription: LiveTranscription;
  #text = '';
  #startSeconds: number | undefined;
  #endSeconds: number | undefined;

  constructor(transcription: LiveTranscription) {
    this.#transcription = transcription;
  }

  /** Words became final. */
  add({ text, startSeconds, endSeconds }: FinalWords): void {
    if (text === '') return;
    if (this.#text.length < MAX_CHARACTERS) this.#text += text;
    this.#startSeconds ??= startSeconds;
    this.#endSeconds = endSeconds ?? this.#endSeconds;
  }

  /** Tells what was said so far. @param interim What may still change, behind it. */
  tell(interim: string, atMs: number): void {
    const text = `${this.#text}${interim}`.trim();
    if (text !== '')
      this.#transcription.heard({ text, final: false, startSeconds: this.#startSeconds, atMs });
  }

  /** The user has finished. */
  end(atMs: number): void {
    const text = this.#text.trim();
    const [startSeconds, endSeconds] = [this.#startSeconds, this.#endSeconds];
    this.#text = '';
    this.#startSeconds = undefined;
    this.#endSeconds = undefined;
    if (text === '') return;
    this.#transcription.heard({ text, final: true, startSeconds, endSeconds, atMs });
    this.#transcription.utteranceEnded(atMs);
  }
}
