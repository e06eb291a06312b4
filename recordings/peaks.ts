import { type OpenFile, type Place, readAll } from '../storage/place.ts';
import { PEAKS_SUFFIX } from './names.ts';
import { oggPeaks } from './ogg-peaks.ts';
import { decodesOgg } from './opus-decoder.ts';
import type { Recording } from './recordings.ts';
import { BYTES_PER_SAMPLE, LOUDNESS, SAMPLE_RATE, samplesIn, WAV_HEADER_BYTES } from './wav.ts';

/** 20 ms each, which the page knows, too. */
const PER_SECOND = 50;
const SAMPLES_PER_PEAK = SAMPLE_RATE / PER_SECOND;
const READ_BYTES = 1 << 18;

const underWay = new Map<string, Promise<Buffer | undefined>>();

/**
 * How loud a recording is: for each 20 ms two bytes, caller and agent, 0 to 255. Worked out once and kept beside it; where
 * that cannot be written, worked out again. Undefined: the recording is gone, or nothing here decodes it (Ogg).
 */
export async function peaksOf(place: Place, recording: Recording): Promise<Buffer | undefined> {
  const { path } = recording;
  const kept = await readAll(place, path + PEAKS_SUFFIX).catch(() => undefined);
  // Of another length: it was still growing.
  if (kept?.length === peakBytes(recording)) return kept;
  const key = `${place.name}/${path}`;
  const known = underWay.get(key);
  if (known !== undefined) return known;
  const work = compute(place, recording).finally(() => underWay.delete(key));
  underWay.set(key, work);
  return work;
}

/** Whether it can be said how loud a recording is. */
export const hasPeaks = async ({ format }: Pick<Recording, 'format'>): Promise<boolean> =>
  format === 'wav' || (await decodesOgg());

const peakBytes = ({ format, bytes, seconds }: Recording): number =>
  2 * Math.ceil(format === 'wav' ? samplesIn(bytes) / SAMPLES_PER_PEAK : seconds * PER_SECOND);

async function compute(place: Place, recording: Recording): Promise<Buffer | undefined> {
  const { path, format } = recording;
  const file = await place.open(path);
  if (file === undefined) return undefined;
  let peaks: Buffer | undefined = Buffer.alloc(peakBytes(recording));
  try {
    peaks =
      format === 'wav' ? await wavPeaks(file, recording, peaks) : await oggPeaks(file, peaks, PER_SECOND);
  } finally {
    await file.close();
  }
  // Only so that it need not be worked out again.
  if (peaks !== undefined) await place.put(path + PEAKS_SUFFIX, peaks).catch(() => {});
  return peaks;
}

async function wavPeaks(file: OpenFile, { bytes }: Recording, peaks: Buffer): Promise<Buffer> {
  const samples = samplesIn(bytes);
  for (let sample = 0; sample < samples; ) {
    const length = Math.min(READ_BYTES, (samples - sample) * BYTES_PER_SAMPLE);
    const piece = await file.read(WAV_HEADER_BYTES + sample * BYTES_PER_SAMPLE, length);
    const read = Math.floor(piece.length / BYTES_PER_SAMPLE);
    if (read === 0) break;
    raise(peaks, piece, sample, read);
    sample += read;
  }
  return peaks;
}

function raise(peaks: Buffer, piece: Buffer, from: number, count: number): void {
  for (let i = 0; i < count; i++) {
    const peak = Math.floor((from + i) / SAMPLES_PER_PEAK) * 2;
    for (const side of [0, 1]) {
      const loudness = LOUDNESS[piece[i * 2 + side] ?? 0xff] ?? 0;
      if (loudness > (peaks[peak + side] ?? 0)) peaks[peak + side] = loudness;
    }
  }
}
