import { setImmediate as turn } from 'node:timers/promises';
import type { OggOpusDecoder } from 'ogg-opus-decoder';
import type { OpenFile } from '../storage/place.ts';
import { Turns } from '../storage/turns.ts';

/** Decoded at once, before others have their turn: about a second of sound, a millisecond of work. */
const PIECE_BYTES = 1 << 14;
/** Opus decodes to this rate by itself, with less work than to the one it was recorded with. */
const RATE = 8_000;
/** It takes the processor: more at once would only take it longer. */
const decoding = new Turns(1);

let decoders: Promise<(new (options: object) => OggOpusDecoder) | undefined> | undefined;

/** Whether the package that decodes Opus is installed. */
export const decodesOgg = async (): Promise<boolean> => (await load()) !== undefined;

/**
 * Raises peaks to how loud each side is in each stretch of samples: two bytes a stretch, caller and agent, 0 to 255, as in WAV.
 * What cannot be decoded is silent. Undefined: the package is not installed.
 */
export async function oggPeaks(
  file: OpenFile,
  peaks: Buffer,
  perSecond: number,
): Promise<Buffer | undefined> {
  const Decoder = await load();
  if (Decoder === undefined) return undefined;
  return decoding.take(async () => {
    const decoder = new Decoder({ sampleRate: RATE, forceStereo: true });
    try {
      await decoder.ready;
      let sample = 0;
      const raise = ({ channelData }: { channelData: Float32Array[] }) => {
        const [left = new Float32Array(), right = left] = channelData;
        for (let i = 0; i < left.length; i++, sample++) {
          const peak = Math.floor((sample * perSecond) / RATE) * 2;
          if (peak + 1 >= peaks.length) return;
          peaks[peak] = Math.max(peaks[peak] ?? 0, loudness(left[i] ?? 0));
          peaks[peak + 1] = Math.max(peaks[peak + 1] ?? 0, loudness(right[i] ?? 0));
        }
      };
      for (let at = 0; at < file.bytes; at += PIECE_BYTES) {
        raise(await decoder.decode(new Uint8Array(await file.read(at, PIECE_BYTES))));
        await turn();
      }
      raise(await decoder.flush());
      return peaks;
    } finally {
      decoder.free();
    }
  });
}

/** The louder half of 16 bits, as of a byte of mu-law. */
const loudness = (sample: number): number => Math.min(255, Math.floor(Math.abs(sample) * 256));

function load(): NonNullable<typeof decoders> {
  decoders ??= import('ogg-opus-decoder').then(
    (module) => module.OggOpusDecoder as new (options: object) => OggOpusDecoder,
    () => undefined,
  );
  return decoders;
}
