/** Samples a second of telephone audio. */
export const TELEPHONE_RATE = 8000;

/** A frame of Twilio Media Streams: 20 ms of mu-law at 8 kHz. */
export const FRAME_BYTES = 160;

/** Digital silence in mu-law. */
export const MULAW_SILENCE = 0xff;

/**
 * The smallest magnitude (of 16-bit linear samples) that counts as voice. The recorded speech is silent outside its
 * voiced range, so that "the user stopped speaking" is one sample and everyone means the same.
 */
const VOICED_LEVEL = 512;

const BIAS = 0x84;
const CLIP = 32635;

function decodeMulaw(byte: number): number {
  const bits = ~byte & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + BIAS) << ((bits & 0x70) >> 4)) - BIAS;
  return (bits & 0x80) !== 0 ? -magnitude : magnitude;
}

const MULAW_TO_LINEAR = Int16Array.from({ length: 256 }, (_, byte) => decodeMulaw(byte));

/** One 16-bit linear sample as mu-law (G.711). */
export function encodeMulaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), CLIP) + BIAS;
  const exponent = 31 - Math.clz32(magnitude) - 7;
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
}

/** One 16-bit linear sample as A-law (G.711). */
export function encodeAlaw(sample: number): number {
  const sign = sample >= 0 ? 0x80 : 0;
  const magnitude = Math.min(sample >= 0 ? sample : -sample - 1, 32767) >> 3;
  const exponent = magnitude < 32 ? 0 : 31 - Math.clz32(magnitude) - 4;
  const mantissa = (exponent === 0 ? magnitude >> 1 : magnitude >> exponent) & 0x0f;
  return (sign | (exponent << 4) | mantissa) ^ 0x55;
}

/** Mu-law bytes as 16-bit linear samples. */
export function mulawToLinear(bytes: Uint8Array): Int16Array {
  const samples = new Int16Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) samples[i] = MULAW_TO_LINEAR[bytes[i] ?? MULAW_SILENCE] ?? 0;
  return samples;
}

/** Whether a 16-bit linear sample counts as voice. */
export const isVoiced = (sample: number): boolean => Math.abs(sample) >= VOICED_LEVEL;

/** A stretch of audio in samples: `start` is its first voiced one, `end` the one after its last. */
export interface VoicedRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The voiced stretches of some audio. Two voiced samples belong to one stretch when the silence between them is
 * shorter than `gapSamples`; without it there is one stretch, from the first voiced sample to the last.
 */
export function voicedRanges(samples: Int16Array, gapSamples = Number.POSITIVE_INFINITY): VoicedRange[] {
  const ranges: { start: number; end: number }[] = [];
  samples.forEach((sample, i) => {
    if (!isVoiced(sample)) return;
    const last = ranges.at(-1);
    if (last && i - last.end < gapSamples) last.end = i + 1;
    else ranges.push({ start: i, end: i + 1 });
  });
  return ranges;
}
