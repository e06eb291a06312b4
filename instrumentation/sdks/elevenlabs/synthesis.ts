import type { Adoption } from '../../call/adoption.ts';
import { openStage } from '../../call/open-stage.ts';
import { base64Bytes } from '../kit/base64.ts';
import { at, text } from '../kit/patch.ts';
import { Synthesis } from '../kit/requests/synthesis.ts';
import { SynthesisAnswer } from '../kit/requests/synthesis-answer.ts';
import { elevenLabsFormat } from './format.ts';

/** Audio comes as bytes, or as base64 beside the timing of its characters. */
class ElevenLabsAnswer extends SynthesisAnswer {
  override add(part: unknown): boolean {
    return (
      super.add(part) ||
      this.addAudio(base64Bytes(text(at(part, 'audioBase64') ?? at(part, 'audio_base64')) ?? ''))
    );
  }
}

/** One synthesis by ElevenLabs, which bills by the character: over HTTP, or of a socket. */
export class ElevenLabsSynthesis extends Synthesis<ElevenLabsAnswer> {
  /** Opens the stage. */
  static start(model: string | undefined, outputFormat: unknown, adoption?: Adoption): ElevenLabsSynthesis {
    return new ElevenLabsSynthesis(
      openStage('tts', { provider: 'elevenlabs', model, adoption }),
      new ElevenLabsAnswer(elevenLabsFormat(outputFormat)),
    );
  }
}
