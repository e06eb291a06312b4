import { type AudioFormat, rawAudio, UNTIMED, wavAudio } from '../shared/audio-format.ts';

const BYTES_PER_SAMPLE: Readonly<Record<string, number>> = { pcm: 2, wav: 2, ulaw: 1, alaw: 1 };

/**
 * Reads a format of ElevenLabs: codec and rate, as in `pcm_16000` or `ulaw_8000`. Compressed ones, such as
 * `mp3_44100_128` (the default), tell no time.
 */
export function elevenLabsFormat(format: unknown): AudioFormat {
  const [codec = '', rate = ''] = typeof format === 'string' ? format.split('_') : [];
  const bytes = BYTES_PER_SAMPLE[codec];
  if (bytes === undefined || !(Number(rate) > 0)) return UNTIMED;
  return codec === 'wav' ? wavAudio(Number(rate), bytes) : rawAudio(Number(rate), bytes);
}
