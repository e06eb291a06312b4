import { SdkRequest } from './sdk-request.ts';
import type { SynthesisAnswer } from './synthesis-answer.ts';

/** One synthesis: a request, or what is said under one name on a socket. Its text may come in pieces. */
export class Synthesis<A extends SynthesisAnswer = SynthesisAnswer> extends SdkRequest<A> {
  /** Audio has come. */
  get audible(): boolean {
    return this.answer.begun;
  }

  /** Text was sent to be spoken. */
  say(words: unknown): void {
    this.heard();
    this.answer.say(words);
  }

  /** So many bytes of audio came. On the audio path: no allocation after the first. */
  audio(bytes: number, atMs?: number): void {
    this.heard();
    const first = !this.audible;
    if (this.answer.addAudio(bytes) && first) this.stage.firstByte(atMs);
  }

  /** It was over at `atMs`, which is known only now. */
  endedAt(atMs: number): void {
    this.over(() => this.stage.end({ ...this.answer.result(), at: atMs }));
  }
}
