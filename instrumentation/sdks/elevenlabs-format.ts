import { type AudioFormat, WAV_HEADER_BYTES } from './synthesis.ts';

const BYTES_PER_SAMPLE: Readonly<Record<string, number>> = { pcm: 2, wav: 2, ulaw: 1, alaw: 1 };

/**
 * Reads a format of ElevenLabs: codec and rate, as in `pcm_16000` or `ulaw_8000`. Compressed ones, such as
 * `mp3_44100_128` (the default), have no rate.
 */
export function elevenLabsFormat(format: unknown): AudioFormat {
  const [codec = '', rate = ''] = typeof format === 'string' ? format.split('_') : [];
  const bytes = BYTES_PER_SAMPLE[codec];
  return {
    headerBytes: codec === 'wav' ? WAV_HEADER_BYTES : 0,
    bytesPerSecond: bytes !== undefined && Number(rate) > 0 ? bytes * Number(rate) : undefined,
  };
}
