import type { Adoption } from '../../call/adoption.ts';
import { openStage } from '../../call/open-stage.ts';
import { type AudioFormat, bytesPerSample, rawAudio, UNTIMED, wavAudio } from '../kit/audio-format.ts';
import { base64Bytes } from '../kit/base64.ts';
import { at, type Foreign, foreign, quantity, text } from '../kit/patch.ts';
import { Synthesis } from '../kit/requests/synthesis.ts';
import { SynthesisAnswer } from '../kit/requests/synthesis-answer.ts';

/** Reads Cartesia's `output_format`. */
function audioFormat(outputFormat: unknown): AudioFormat {
  const { container, encoding, sample_rate } = foreign(outputFormat) ?? {};
  if (container === 'mp3') return UNTIMED;
  return (container === 'wav' ? wavAudio : rawAudio)(sample_rate, bytesPerSample(encoding));
}

/** Audio comes as bytes, or in events, of which only `chunk` carries any. */
class CartesiaAnswer extends SynthesisAnswer {
  override add(event: unknown): boolean {
    if (at(event, 'type') !== 'chunk') return false;
    const decoded = quantity(at(event, 'audio', 'byteLength')) ?? quantity(at(event, 'audio', 'length'));
    return this.addAudio(decoded ?? base64Bytes(text(at(event, 'data')) ?? ''));
  }
}

/** One synthesis by Cartesia, which bills by the character. */
export class CartesiaSynthesis extends Synthesis<CartesiaAnswer> {
  /** Opens the stage for a request; its transcript counts at once. */
  static start(request: Foreign, adoption?: Adoption): CartesiaSynthesis {
    const stage = openStage('tts', { provider: 'cartesia', model: text(request.model_id), adoption });
    const synthesis = new CartesiaSynthesis(stage, new CartesiaAnswer(audioFormat(request.output_format)));
    synthesis.say(request.transcript);
    return synthesis;
  }
}
