import { type AudioFormat, bytesPerSample, rawAudio, wavAudio } from '../kit/audio-format.ts';

/**
 * Reads a format of ElevenLabs: codec and rate, as in `pcm_16000` or `ulaw_8000`. Compressed ones, such as
 * `mp3_44100_128` (the default), tell no time.
 */
export function elevenLabsFormat(format: unknown): AudioFormat {
  const [codec, rate] = typeof format === 'string' ? format.split('_') : [];
  return codec === 'wav' ? wavAudio(rate, bytesPerSample('pcm')) : rawAudio(rate, bytesPerSample(codec));
}
