import type { OpenFile } from '../storage/place.ts';
import { SoundError } from './sound-error.ts';

/** How samples of a WAV file are written. */
export type SampleCoding = 'u8' | 's16' | 's24' | 's32' | 'f32' | 'f64' | 'alaw' | 'mulaw';

/** What the head of a WAV file says, as far as the file keeps to it. */
export interface WavHead {
  readonly coding: SampleCoding;
  readonly channels: number;
  /** Samples a second, of each channel. */
  readonly rate: number;
  /** Of a sample of one channel. */
  readonly sampleBytes: number;
  /** Where the samples begin, and how many bytes of them there are. */
  readonly dataAt: number;
  readonly dataBytes: number;
  /** The head promises so many bytes that are not there. Absent: none. */
  readonly missingBytes?: number;
}

/** Chunks before the samples: titles, cue points. More are no recording's. */
const MOST_CHUNKS = 64;
const LEAST_RATE = 4_000;
const MOST_RATE = 192_000;
/** The format is behind it. */
const EXTENSIBLE = 0xfffe;
/** Written by what does not know yet how long it will be. */
const OPEN_ENDED = 0xffffffff;

const CODINGS: Readonly<Record<string, SampleCoding>> = {
  '1/8': 'u8',
  '1/16': 's16',
  '1/24': 's24',
  '1/32': 's32',
  '3/32': 'f32',
  '3/64': 'f64',
  '6/8': 'alaw',
  '7/8': 'mulaw',
};

/** Whether a file begins as WAV does. */
export const isWav = (head: Buffer): boolean =>
  head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'WAVE';

/**
 * Reads the head of a WAV file. A length that is more than there is, 0 or open is the file's own: agents that were killed leave such.
 *
 * @throws SoundError for what is not WAV, or cannot be heard.
 */
export async function readWavHead(file: OpenFile): Promise<WavHead> {
  let format: Pick<WavHead, 'coding' | 'channels' | 'rate' | 'sampleBytes'> | undefined;
  let at = 12;
  for (let chunk = 0; chunk < MOST_CHUNKS; chunk++) {
    const head = await file.read(at, 8);
    if (head.length < 8) break;
    const name = head.toString('latin1', 0, 4);
    const bytes = head.readUInt32LE(4);
    at += 8;
    if (name === 'fmt ') format = formatOf(await file.read(at, Math.min(bytes, 40)));
    if (name === 'data') {
      if (format === undefined) throw new SoundError('its head does not say how its samples are written');
      const there = Math.max(0, file.bytes - at);
      const isOpen = bytes === 0 || bytes >= OPEN_ENDED - 1024;
      const missing = isOpen ? 0 : Math.max(0, bytes - there);
      const dataBytes = isOpen ? there : Math.min(bytes, there);
      return { ...format, dataAt: at, dataBytes, ...(missing > 0 && { missingBytes: missing }) };
    }
    // Chunks are padded to even lengths.
    at += bytes + (bytes % 2);
  }
  throw new SoundError('it begins as WAV does, and has no samples');
}

function formatOf(chunk: Buffer): Pick<WavHead, 'coding' | 'channels' | 'rate' | 'sampleBytes'> {
  if (chunk.length < 16) throw new SoundError('its head is cut off');
  const tag = chunk.readUInt16LE(0);
  const code = tag === EXTENSIBLE && chunk.length >= 26 ? chunk.readUInt16LE(24) : tag;
  const [channels, rate, bits] = [chunk.readUInt16LE(2), chunk.readUInt32LE(4), chunk.readUInt16LE(14)];
  const coding = CODINGS[`${code}/${bits}`];
  if (coding === undefined)
    throw new SoundError(
      `its samples are written in format ${code} with ${bits} bits, which is not read here: PCM, floating point, A-law and mu-law are`,
    );
  if (rate < LEAST_RATE || rate > MOST_RATE)
    throw new SoundError(
      `it says that it has ${rate} samples a second, expected ${LEAST_RATE} to ${MOST_RATE}`,
    );
  return { coding, channels, rate, sampleBytes: bits / 8 };
}
