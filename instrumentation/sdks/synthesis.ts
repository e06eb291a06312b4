import type { Instant } from '../clock.ts';
import { appendText } from '../content.ts';
import { openStage } from '../open-stage.ts';
import type { Stage, StageResult } from '../stage.ts';
import { Deadline } from './deadline.ts';
import { text } from './patch.ts';
import { isAbort } from './streams.ts';

/** RIFF, `fmt ` and `data` headers in front of the samples. */
export const WAV_HEADER_BYTES = 44;

/** How bytes of an output format become seconds. Without a rate they do not: compressed audio. */
export interface AudioFormat {
  readonly headerBytes: number;
  readonly bytesPerSecond: number | undefined;
}

/** What is known of a synthesis when it starts. */
export interface SynthesisInit {
  readonly provider: string;
  readonly model: string | undefined;
  readonly format: AudioFormat;
}

/** One synthesis: what was sent to be spoken and how much audio came back, of a provider that bills by the character. */
export class Synthesis {
  readonly stage: Stage;
  readonly #format: AudioFormat;
  readonly #deadline: Deadline;
  #characters = 0;
  #words: string | undefined;
  #bytes = 0;

  /** Opens the stage. */
  constructor({ provider, model, format }: SynthesisInit) {
    this.stage = openStage('tts', { provider, model });
    this.#format = format;
    this.#deadline = new Deadline(() => this.cancel());
  }

  /** More text was sent. */
  say(transcript: unknown): void {
    this.#deadline.heard();
    const words = text(transcript);
    if (words === undefined) return;
    this.#characters += words.length;
    this.#words = appendText(this.#words, words);
  }

  /** Audio came. */
  audio(bytes: number): void {
    if (bytes <= 0) return;
    this.#deadline.heard();
    this.#bytes += bytes;
    this.stage.firstByte();
  }

  /** @param at When the last audio came, where that is known only later. (Default: now.) */
  end(at?: Instant): void {
    this.#deadline.over();
    this.stage.end({ ...this.#result(), at });
  }

  cancel(): void {
    this.#deadline.over();
    this.stage.cancel(this.#result());
  }

  fail(error: unknown): void {
    this.#deadline.over();
    // A refused request is not billed; one that was given up, or broke while it answered, is.
    const billed = this.#bytes > 0 || isAbort(error);
    this.stage.fail(error, billed ? this.#result() : {});
  }

  #result(): StageResult {
    const { headerBytes, bytesPerSecond } = this.#format;
    const audioSeconds =
      bytesPerSecond === undefined ? undefined : Math.max(0, this.#bytes - headerBytes) / bytesPerSecond;
    return {
      text: this.#words,
      usage: { characters: this.#characters, ...(audioSeconds !== undefined && { audioSeconds }) },
    };
  }
}
