import { base64Bytes } from './base64.ts';
import { at, type Foreign, foreign, quantity, text } from './patch.ts';
import { type AudioFormat, Synthesis, WAV_HEADER_BYTES } from './synthesis.ts';

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
  const raw = format?.container !== 'mp3' && bytes !== undefined && rate !== undefined && rate > 0;
  return {
    headerBytes: format?.container === 'wav' ? WAV_HEADER_BYTES : 0,
    bytesPerSecond: raw ? bytes * rate : undefined,
  };
}

/** One synthesis of Cartesia, over HTTP or as a context of its socket. */
export class CartesiaSynthesis extends Synthesis {
  /** Opens the stage for a request; its transcript counts at once. */
  static start(request: Foreign): CartesiaSynthesis {
    const synthesis = new CartesiaSynthesis({
      provider: 'cartesia',
      model: text(request.model_id),
      format: audioFormat(request.output_format),
    });
    synthesis.say(request.transcript);
    return synthesis;
  }

  /** An event of a stream or a socket: only `chunk` carries audio. */
  event(event: unknown): void {
    if (at(event, 'type') !== 'chunk') return;
    const decoded = quantity(at(event, 'audio', 'byteLength')) ?? quantity(at(event, 'audio', 'length'));
    const encoded = text(at(event, 'data'));
    this.audio(decoded ?? (encoded === undefined ? 0 : base64Bytes(encoded)));
  }
}
