import { encodeAlaw, encodeMulaw } from '../audio.ts';

/** Encodings that the Cartesia simulator can make. */
export type RawEncoding = 'pcm_mulaw' | 'pcm_alaw' | 'pcm_s16le' | 'pcm_f32le';

/** Bytes of one sample. */
export const SAMPLE_BYTES: Readonly<Record<RawEncoding, number>> = {
  pcm_mulaw: 1,
  pcm_alaw: 1,
  pcm_s16le: 2,
  pcm_f32le: 4,
};

/** How fast the simulated voice speaks. */
const CHARACTERS_PER_SECOND = 15;

const LOUD = 9000;

/** One period of the hum, as a table: many calls share one event loop, and a cosine a sample would hold it up. */
const PERIOD = Float64Array.from({ length: 2048 }, (_, i) => {
  const phase = (2 * Math.PI * i) / 2048;
  return (Math.cos(phase) + 0.4 * Math.cos(2 * phase) + 0.2 * Math.cos(3 * phase)) / 1.6;
});
/** Louder at the edges of a character than in its middle, never silent. */
const ENVELOPE = Float64Array.from({ length: 256 }, (_, i) => 0.6 + 0.4 * Math.cos((2 * Math.PI * i) / 256));

/**
 * A hum with one pitch a character, at 15 characters a second: the same text gives the same audio, its length is known
 * from its characters, and it is audible from its first sample to its last, so that "first audio" has one meaning.
 *
 * @param seconds Another length for the whole, in which the characters are longer or shorter.
 */
export function synthesize(
  text: string,
  encoding: RawEncoding,
  sampleRate: number,
  seconds: number = [...text].length / CHARACTERS_PER_SECOND,
): Buffer {
  const characters = [...text];
  const length = Math.round(seconds * sampleRate);
  const bytes = Buffer.alloc(length * SAMPLE_BYTES[encoding]);
  const perCharacter = (seconds * sampleRate) / Math.max(1, characters.length);
  // In periods, from the top of the wave: the first sample is already loud.
  let phase = 0;
  for (let i = 0; i < length; i++) {
    const character = i / perCharacter;
    const code = characters[Math.floor(character)]?.codePointAt(0) ?? 0;
    const envelope = ENVELOPE[Math.floor((character % 1) * ENVELOPE.length)] ?? 1;
    const sample = Math.round(LOUD * envelope * (PERIOD[Math.floor((phase % 1) * PERIOD.length)] ?? 1));
    phase += (110 + (code % 32) * 4) / sampleRate;
    switch (encoding) {
      case 'pcm_mulaw':
        bytes[i] = encodeMulaw(sample);
        break;
      case 'pcm_alaw':
        bytes[i] = encodeAlaw(sample);
        break;
      case 'pcm_s16le':
        bytes.writeInt16LE(sample, i * 2);
        break;
      case 'pcm_f32le':
        bytes.writeFloatLE(sample / 32768, i * 4);
        break;
      default:
        encoding satisfies never;
    }
  }
  return bytes;
}
