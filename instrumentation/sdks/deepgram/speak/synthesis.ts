import type { Usage } from '../../../../model/facts.ts';
import { openStage } from '../../../call/open-stage.ts';
import type { StageResult } from '../../../call/stage.ts';
import type { AudioFormat } from '../../kit/audio-format.ts';
import { Synthesis } from '../../kit/requests/synthesis.ts';
import { SynthesisAnswer } from '../../kit/requests/synthesis-answer.ts';

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
export class DeepgramSynthesis extends Synthesis<DeepgramAnswer> {
  constructor(model: string | undefined, format: AudioFormat) {
    super(openStage('tts', { provider: 'deepgram', model }), new DeepgramAnswer(format));
  }

  /** What Deepgram says that it was. */
  reported(usage: Usage): void {
    this.answer.reported(usage);
  }

  /** It was stopped at `atMs`, in milliseconds since 1970. */
  stop(atMs: number): void {
    this.over(() => this.stage.cancel({ ...this.answer.result(), at: atMs }));
  }
}
