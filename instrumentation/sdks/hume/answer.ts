import type { StageResult } from '../../call/stage.ts';
import { base64Bytes } from '../kit/base64.ts';
import { foreign, objects, quantity, text } from '../kit/patch.ts';
import { SynthesisAnswer } from '../kit/requests/synthesis-answer.ts';

/** Audio comes as bytes, in pieces of base64, or whole beside its length. */
export class HumeAnswer extends SynthesisAnswer {
  #seconds: number | undefined;

  override add(part: unknown): boolean {
    const { generations, audio } = foreign(part) ?? {};
    let answered = super.add(part) || this.#hear(audio);
    for (const generation of objects(generations)) {
      this.#seconds = (this.#seconds ?? 0) + (quantity(generation.duration) ?? 0);
      answered = this.#hear(generation.audio) || answered;
    }
    return answered;
  }

  override result(): StageResult {
    const result = super.result();
    return this.#seconds === undefined
      ? result
      : { ...result, usage: { ...result.usage, audioSeconds: this.#seconds } };
  }

  #hear(audio: unknown): boolean {
    return this.addAudio(base64Bytes(text(audio) ?? ''));
  }
}
