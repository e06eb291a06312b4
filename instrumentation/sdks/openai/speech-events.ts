import type { Usage } from '../../../model/facts.ts';
import { decodedBytes } from '../kit/base64.ts';
import { at, foreign, quantity } from '../kit/patch.ts';
import { known } from '../kit/usage.ts';

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const EQUALS = 0x3d;
const AUDIO = Buffer.from('"audio":"');
/** Longer than the beginning of any event in front of its audio, and than the events that have none. */
const MAX_HEAD_BYTES = 1_024;

/**
 * Reads server-sent events of a synthesis from the bytes of their body, wherever these are cut. Audio is measured and not
 * decoded; of the events without audio only the last, which has the usage, is parsed.
 */
export class SpeechEvents {
  readonly #head = Buffer.alloc(MAX_HEAD_BYTES);
  #headBytes = 0;
  #reading: 'head' | 'audio' | 'rest' = 'head';
  #characters = 0;
  #padding = 0;
  #usage: Usage | undefined;

  /** What `speech.audio.done` reported. */
  get usage(): Usage | undefined {
    return this.#usage;
  }

  /** Takes in a piece of the body; gives the bytes of audio that were completed in it. */
  add(chunk: Uint8Array): number {
    let audio = 0;
    for (let from = 0; from < chunk.length; ) {
      if (this.#reading === 'head') from = this.#readHead(chunk, from);
      else if (this.#reading === 'rest') from = this.#skipLine(chunk, from);
      else {
        const quote = chunk.indexOf(QUOTE, from);
        const to = quote < 0 ? chunk.length : quote;
        this.#characters += to - from;
        for (let i = Math.max(from, to - 2); i < to; i++) if (chunk[i] === EQUALS) this.#padding++;
        if (quote >= 0) audio += this.#audioOver();
        from = to + 1;
      }
    }
    return audio;
  }

  #audioOver(): number {
    const bytes = decodedBytes(this.#characters, this.#padding);
    this.#characters = 0;
    this.#padding = 0;
    this.#reading = 'rest';
    return bytes;
  }

  #readHead(chunk: Uint8Array, from: number): number {
    for (let i = from; i < chunk.length; i++) {
      const byte = chunk[i] ?? 0;
      if (byte === NEWLINE) {
        this.#lineOver();
        return i + 1;
      }
      if (this.#headBytes === MAX_HEAD_BYTES) {
        this.#headBytes = 0;
        this.#reading = 'rest';
        return i;
      }
      this.#head[this.#headBytes++] = byte;
      if (byte === QUOTE && this.#endsWithAudio()) {
        this.#headBytes = 0;
        this.#reading = 'audio';
        return i + 1;
      }
    }
    return chunk.length;
  }

  #endsWithAudio(): boolean {
    const start = this.#headBytes - AUDIO.length;
    return start >= 0 && this.#head.compare(AUDIO, 0, AUDIO.length, start, this.#headBytes) === 0;
  }

  #skipLine(chunk: Uint8Array, from: number): number {
    const newline = chunk.indexOf(NEWLINE, from);
    if (newline < 0) return chunk.length;
    this.#reading = 'head';
    return newline + 1;
  }

  #lineOver(): void {
    const line = this.#head.toString('utf8', 0, this.#headBytes);
    this.#headBytes = 0;
    if (!line.startsWith('data:') || !line.includes('speech.audio.done')) return;
    const usage = foreign(at(JSON.parse(line.slice('data:'.length)), 'usage'));
    this.#usage =
      known({
        inputTokens: quantity(usage?.input_tokens),
        outputTokens: quantity(usage?.output_tokens),
      }) ?? {};
  }
}
