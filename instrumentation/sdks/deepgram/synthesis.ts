import type { Usage } from '../../../exporter/facts.ts';
import { openStage } from '../../open-stage.ts';
import type { StageResult } from '../../stage.ts';
import type { AudioFormat } from '../shared/audio-format.ts';
import { SdkRequest } from '../shared/sdk-request.ts';
import { SynthesisAnswer } from '../shared/synthesis-answer.ts';

/** What came back of a text, and what Deepgram says that it was. */
class DeepgramAnswer extends SynthesisAnswer {
  #reported: Usage = {};

  /** That is what is billed. */
  reported(usage: Usage): void {
    this.#reported = { ...this.#reported, ...usage };
  }

  override result(): StageResult {
    const result = super.result();
    return { ...result, usage: { ...result.usage, ...this.#reported } };
  }
}

/** One synthesis by Deepgram, which bills by the character. */
export class Synthesis extends SdkRequest<DeepgramAnswer> {
  /** Opens the stage. */
  static start(model: string | undefined, format: AudioFormat): Synthesis {
    const stage = openStage('tts', { provider: 'deepgram', model });
    return new Synthesis(stage, new DeepgramAnswer(format));
  }

  /** Audio has come. */
  get audible(): boolean {
    return this.answer.begun;
  }

  /** More text was sent. */
  say(words: string): void {
    this.heard();
    this.answer.say(words);
  }

  /** Raw audio came. On the audio path: no allocation after the first. */
  audio(bytes: number, atMs: number): void {
    this.heard();
    const first = !this.audible;
    if (this.answer.addAudio(bytes) && first) this.stage.firstByte(atMs);
  }

  /** A piece of a file came. */
  bytes(chunk: Uint8Array): void {
    this.heard();
    if (this.answer.addBytes(chunk)) this.stage.firstByte();
  }

  /** What Deepgram says that it was. */
  reported(usage: Usage): void {
    this.answer.reported(usage);
  }

  /** It was stopped at `atMs`, in milliseconds since 1970. */
  stop(atMs: number): void {
    this.stage.cancel({ ...this.answer.result(), at: atMs });
    this.cancel();
  }
}
