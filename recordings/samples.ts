import type { SampleCoding } from './wav-head.ts';

/** Reads one sample, −1 to 1, at a place of some bytes. */
export type ReadSample = (bytes: Buffer, at: number) => number;

const BIAS = 0x84;

/** A-law and mu-law (G.711) as tables: each byte is a sample. */
const MULAW = Float32Array.from({ length: 256 }, (_, byte) => {
  const bits = ~byte & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + BIAS) << ((bits & 0x70) >> 4)) - BIAS;
  return ((bits & 0x80) !== 0 ? -magnitude : magnitude) / 32_768;
});
const ALAW = Float32Array.from({ length: 256 }, (_, byte) => {
  const bits = byte ^ 0x55;
  const exponent = (bits & 0x70) >> 4;
  const mantissa = ((bits & 0x0f) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return ((bits & 0x80) !== 0 ? magnitude : -magnitude) / 32_768;
});

/** How samples are read, by how they are written. */
export const SAMPLE_READERS: Readonly<Record<SampleCoding, ReadSample>> = {
  u8: (bytes, at) => ((bytes[at] ?? 128) - 128) / 128,
  s16: (bytes, at) => bytes.readInt16LE(at) / 32_768,
  s24: (bytes, at) => bytes.readIntLE(at, 3) / 8_388_608,
  s32: (bytes, at) => bytes.readInt32LE(at) / 2_147_483_648,
  f32: (bytes, at) => bytes.readFloatLE(at),
  f64: (bytes, at) => bytes.readDoubleLE(at),
  alaw: (bytes, at) => ALAW[bytes[at] ?? 0xd5] ?? 0,
  mulaw: (bytes, at) => MULAW[bytes[at] ?? 0xff] ?? 0,
};
