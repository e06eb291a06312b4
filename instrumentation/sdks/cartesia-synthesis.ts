import { appendText } from '../content.ts';
import { openStage } from '../open-stage.ts';
import { errorType } from '../spans.ts';
import type { Stage, StageResult } from '../stage.ts';
import { Deadline } from './deadline.ts';
import { at, type Foreign, foreign, quantity, text } from './patch.ts';

const BYTES_PER_SAMPLE: Readonly<Record<string, number>> = {
  pcm_f32le: 4,
  pcm_s16le: 2,
  pcm_mulaw: 1,
  pcm_alaw: 1,
};
/** RIFF, `fmt ` and `data` headers in front of the samples. */
const WAV_HEADER_BYTES = 44;

/** How bytes of an output format become seconds. Without a rate they do not: compressed audio. */
interface AudioFormat {
  readonly headerBytes: number;
  readonly bytesPerSecond: number | undefined;
}

/** Reads Cartesia's `output_format`. */
function audioFormat(outputFormat: unknown): AudioFormat {
  const format = foreign(outputFormat);
  const bytes = BYTES_PER_SAMPLE[String(format?.encoding)];
  const rate = quantity(format?.sample_rate);
  const raw = format?.container !== 'mp3' && bytes !== undefined && rate !== undefined && rate > 0;
  return {
    headerBytes: format?.container === 'wav' ? WAV_HEADER_BYTES : 0,
    bytesPerSecond: raw ? bytes * rate : undefined,
  };
}

/** One synthesis: what was sent to be spoken and how much audio came back. Cartesia bills by the character. */
export class Synthesis {
  readonly stage: Stage;
  readonly #format: AudioFormat;
  readonly #deadline: Deadline;
  #characters = 0;
  #words: string | undefined;
  #bytes = 0;

  private constructor(stage: Stage, format: AudioFormat) {
    this.stage = stage;
    this.#format = format;
    this.#deadline = new Deadline(() => this.cancel());
  }

  /** Opens the stage for a request; its transcript counts at once. */
  static start(request: Foreign): Synthesis {
    const stage = openStage('tts', { provider: 'cartesia', model: text(request.model_id) });
    const synthesis = new Synthesis(stage, audioFormat(request.output_format));
    synthesis.say(request.transcript);
    return synthesis;
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

  /** An event of a stream or a socket: only `chunk` carries audio. */
  event(event: unknown): void {
    if (at(event, 'type') !== 'chunk') return;
    const decoded = quantity(at(event, 'audio', 'byteLength')) ?? quantity(at(event, 'audio', 'length'));
    const encoded = text(at(event, 'data'));
    this.audio(decoded ?? (encoded === undefined ? 0 : base64Bytes(encoded)));
  }

  end(): void {
    this.#deadline.over();
    this.stage.end(this.#result());
  }

  cancel(): void {
    this.#deadline.over();
    this.stage.cancel(this.#result());
  }

  fail(error: unknown): void {
    this.#deadline.over();
    // A refused request is not billed; one that was given up, or broke while it answered, is.
    const billed = this.#bytes > 0 || /Abort/.test(errorType(error));
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

/** Bytes that a base64 text stands for. */
function base64Bytes(encoded: string): number {
  const padding = encoded.endsWith('==') ? 2 : encoded.endsWith('=') ? 1 : 0;
  return Math.max(0, Math.floor((encoded.length * 3) / 4) - padding);
}
