import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { PEAKS_SUFFIX } from './names.ts';
import { openRecording, type Recording } from './recordings.ts';
import { BYTES_PER_SAMPLE, LOUDNESS, SAMPLE_RATE, samplesIn, WAV_HEADER_BYTES } from './wav.ts';

/** 20 ms, which the page knows, too. */
const SAMPLES_PER_PEAK = SAMPLE_RATE / 50;
const READ_BYTES = 1 << 18;

const underWay = new Map<string, Promise<Buffer | undefined>>();

/**
 * How loud a recording is: for each 20 ms two bytes, caller and agent, 0 to 255. Worked out once and kept beside it; where
 * that cannot be written, worked out again. Undefined: the recording is gone, or would have to be decoded (Ogg).
 */
export async function peaksOf(recording: Recording): Promise<Buffer | undefined> {
  const { path, bytes, format } = recording;
  if (format !== 'wav') return undefined;
  const samples = samplesIn(bytes);
  const kept = await readFile(path + PEAKS_SUFFIX).catch(() => undefined);
  // Of another length: it was still growing.
  if (kept?.length === peakBytes(samples)) return kept;
  const known = underWay.get(path);
  if (known !== undefined) return known;
  const work = compute(recording).finally(() => underWay.delete(path));
  underWay.set(path, work);
  return work;
}

const peakBytes = (samples: number) => Math.ceil(samples / SAMPLES_PER_PEAK) * 2;

async function compute({ path, bytes }: Recording): Promise<Buffer | undefined> {
  const handle = await openRecording(path);
  if (handle === undefined) return undefined;
  const samples = samplesIn(bytes);
  const peaks = Buffer.alloc(peakBytes(samples));
  try {
    const piece = Buffer.alloc(READ_BYTES);
    for (let sample = 0; sample < samples; ) {
      const length = Math.min(READ_BYTES, (samples - sample) * BYTES_PER_SAMPLE);
      const { bytesRead } = await handle.read(piece, 0, length, WAV_HEADER_BYTES + sample * BYTES_PER_SAMPLE);
      const read = Math.floor(bytesRead / BYTES_PER_SAMPLE);
      if (read === 0) break;
      raise(peaks, piece, sample, read);
      sample += read;
    }
  } finally {
    await handle.close();
  }
  await keep(path, peaks);
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

/** Under another name first: another process may read it. */
async function keep(path: string, peaks: Buffer): Promise<void> {
  const draft = `${path}.${process.pid}${PEAKS_SUFFIX}.part`;
  try {
    await writeFile(draft, peaks, { mode: 0o600, flag: 'wx' });
    await rename(draft, path + PEAKS_SUFFIX);
  } catch {
    await rm(draft, { force: true }).catch(() => {});
  }
}
