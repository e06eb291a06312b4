import type { Adoption } from '../../adoption.ts';
import { openStage } from '../../open-stage.ts';
import { type AudioFormat, rawAudio, UNTIMED, wavAudio } from '../shared/audio-format.ts';
import { at, type Foreign, foreign, quantity, text } from '../shared/patch.ts';
import { Synthesis } from '../shared/synthesis.ts';
import { encodedBytes, SynthesisAnswer } from '../shared/synthesis-answer.ts';

const BYTES_PER_SAMPLE: Readonly<Record<string, number>> = {
  pcm_f32le: 4,
  pcm_s16le: 2,
  pcm_mulaw: 1,
  pcm_alaw: 1,
};

/** Reads Cartesia's `output_format`. */
function audioFormat(outputFormat: unknown): AudioFormat {
  const format = foreign(outputFormat);
  const bytes = BYTES_PER_SAMPLE[String(format?.encoding)];
  const rate = quantity(format?.sample_rate);
  if (format?.container === 'mp3' || bytes === undefined || rate === undefined) return UNTIMED;
  return format?.container === 'wav' ? wavAudio(rate, bytes) : rawAudio(rate, bytes);
}

/** Audio comes as bytes, or in events, of which only `chunk` carries any. */
class CartesiaAnswer extends SynthesisAnswer {
  override add(event: unknown): boolean {
    if (at(event, 'type') !== 'chunk') return false;
    const decoded = quantity(at(event, 'audio', 'byteLength')) ?? quantity(at(event, 'audio', 'length'));
    return this.addAudio(decoded ?? encodedBytes(text(at(event, 'data'))));
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
