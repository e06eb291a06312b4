import { appendText } from '../../../call/content.ts';
import type { StageResult } from '../../../call/stage.ts';
import { type AudioFormat, audioSeconds, readWavHeader } from '../audio-format.ts';
import { text } from '../patch.ts';
import { known } from '../usage.ts';
import type { Answer } from './sdk-request.ts';

/** What was sent to be spoken and how much audio came back. */
export class SynthesisAnswer implements Answer {
  #format: AudioFormat;
  #characters = 0;
  #words: string | undefined;
  #bytes = 0;

  /** @param format What was asked for. A WAV header in what comes knows better. */
  constructor(format: AudioFormat) {
    this.#format = format;
  }

  get begun(): boolean {
    return this.#bytes > 0;
  }

  get finished(): boolean {
    return false;
  }

  /** Text was sent. */
  say(transcript: unknown): void {
    const words = text(transcript);
    if (words === undefined) return;
    this.#characters += words.length;
    this.#words = appendText(this.#words, words);
  }

  /** An item of a stream that is read with `for await`. Of events nothing here knows any. */
  add(item: unknown): boolean {
    return item instanceof Uint8Array && this.addBytes(item);
  }

  addBytes(chunk: Uint8Array): boolean {
    if (this.#bytes === 0) this.#format = readWavHeader(chunk) ?? this.#format;
    return this.addAudio(chunk.byteLength);
  }

  /** So many bytes of audio came. */
  addAudio(bytes: number): boolean {
    if (bytes <= 0) return false;
    this.#bytes += bytes;
    return true;
  }

  result(): StageResult {
    const seconds = audioSeconds(this.#format, this.#bytes);
    return { text: this.#words, usage: known({ characters: this.#characters, audioSeconds: seconds }) };
  }
}
