import type { OpenFile } from '../storage/place.ts';
import { decodeOgg, OPUS_RATE } from './opus-decoder.ts';

/**
 * Raises peaks to how loud each side is in each stretch of samples: two bytes a stretch, caller and agent, 0 to 255, as in WAV.
 * What cannot be decoded is silent. Undefined: the package that decodes is not installed.
 */
export async function oggPeaks(
  file: OpenFile,
  peaks: Buffer,
  perSecond: number,
): Promise<Buffer | undefined> {
  let sample = 0;
  const isDecoded = await decodeOgg(file, (left, right) => {
    for (let i = 0; i < left.length; i++, sample++) {
      const peak = Math.floor((sample * perSecond) / OPUS_RATE) * 2;
      if (peak + 1 >= peaks.length) return false;
      peaks[peak] = Math.max(peaks[peak] ?? 0, loudness(left[i] ?? 0));
      peaks[peak + 1] = Math.max(peaks[peak + 1] ?? 0, loudness(right[i] ?? 0));
    }
    return true;
  });
  return isDecoded ? peaks : undefined;
}

/** The louder half of 16 bits, as of a byte of mu-law. */
const loudness = (sample: number): number => Math.min(255, Math.floor(Math.abs(sample) * 256));
