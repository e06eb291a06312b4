import type { Usage } from '../../exporter/facts.ts';
import { appendText } from '../content.ts';
import { openStage } from '../open-stage.ts';
import type { Stage, StageResult } from '../stage.ts';
import { Deadline } from './deadline.ts';
import type { AudioFormat } from './deepgram-audio.ts';
import { isAbort } from './streams.ts';

/** One synthesis: what was sent to be spoken and how much audio came back. Deepgram bills by the character. */
export class Synthesis {
  readonly stage: Stage;
  readonly #format: AudioFormat;
  readonly #deadline: Deadline;
  #characters = 0;
  #words: string | undefined;
  #bytes = 0;
  #reported: Usage = {};

  /** Opens the stage. */
  constructor(model: string | undefined, format: AudioFormat) {
    this.stage = openStage('tts', { provider: 'deepgram', model });
    this.#format = format;
    this.#deadline = new Deadline(() => this.cancel());
  }

  /** More text was sent. */
  say(words: string): void {
    this.#deadline.heard();
    this.#characters += words.length;
    this.#words = appendText(this.#words, words);
  }

  /** Audio came. On the audio path: no allocation after the first. */
  audio(bytes: number, atMs?: number): void {
    if (bytes <= 0) return;
    this.#deadline.heard();
    this.#bytes += bytes;
    if (this.stage.firstByteUs === undefined) this.stage.firstByte(atMs);
  }

  /** What Deepgram says that it was: that is what it bills. */
  reported(usage: Usage): void {
    this.#reported = { ...this.#reported, ...usage };
  }

  end(): void {
    this.#deadline.over();
    this.stage.end(this.#result());
  }

  /** @param atMs When it was stopped, in milliseconds since 1970. (Default: now.) */
  cancel(atMs?: number): void {
    this.#deadline.over();
    this.stage.cancel({ ...this.#result(), at: atMs });
  }

  fail(error: unknown): void {
    this.#deadline.over();
    // A refused request is not billed; one that was given up, or broke while it answered, is.
    const billed = this.#bytes > 0 || isAbort(error);
    this.stage.fail(error, billed ? this.#result() : {});
  }

  #result(): StageResult {
    const { headerBytes, bytesPerSecond } = this.#format;
    const usage: Usage = { characters: this.#characters };
    if (bytesPerSecond !== undefined)
      usage.audioSeconds = Math.max(0, this.#bytes - headerBytes) / bytesPerSecond;
    return { text: this.#words, usage: { ...usage, ...this.#reported } };
  }
}
