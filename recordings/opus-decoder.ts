import { setImmediate as turn } from 'node:timers/promises';
import type { OggOpusDecodedAudio, OggOpusDecoder } from 'ogg-opus-decoder';
import type { OpenFile } from '../storage/place.ts';
import { Turns } from '../storage/turns.ts';

/** Opus decodes to this rate by itself, with less work than to the one it was recorded with. */
export const OPUS_RATE = 8_000;
/**
 * Decoded at once, before others have their turn: about a second of sound, a millisecond of work. Of a file that is made to cost as
 * much as it can, some minutes.
 */
const PIECE_BYTES = 1 << 13;
/** Read at once: of a bucket each time costs a round trip. */
const READ_BYTES = 1 << 18;
/** Packets that cannot be decoded, for each of which the decoder writes a line: behind so many nothing more is decoded. */
const MOST_ERRORS = 100;
/** It takes the processor: more at once would only take it longer. */
const decoding = new Turns(1);

let decoders: Promise<(new (options: object) => OggOpusDecoder) | undefined> | undefined;

/** Whether the package that decodes Opus is installed. */
export const decodesOgg = async (): Promise<boolean> => (await load()) !== undefined;

/**
 * Decodes a file of Ogg Opus, at 8 kHz, piece by piece. Packets that are damaged are left out.
 *
 * @param take - called with the next samples of both channels; false: no more are wanted
 * @returns false where the package is not installed.
 */
export async function decodeOgg(
  file: OpenFile,
  take: (left: Float32Array, right: Float32Array) => boolean,
): Promise<boolean> {
  const Decoder = await load();
  if (Decoder === undefined) return false;
  await decoding.take(async () => {
    const decoder = new Decoder({ sampleRate: OPUS_RATE, forceStereo: true });
    let broken = 0;
    const gives = ({ channelData: [left, right = left], errors }: OggOpusDecodedAudio) => {
      broken += errors.length;
      const goesOn = left === undefined || right === undefined || take(left, right);
      return goesOn && broken <= MOST_ERRORS;
    };
    try {
      await decoder.ready;
      for (let at = 0; at < file.bytes; at += READ_BYTES) {
        const read = await file.read(at, READ_BYTES);
        for (let from = 0; from < read.length; from += PIECE_BYTES) {
          // A copy: the decoder keeps what is not whole yet.
          if (!gives(await decoder.decode(new Uint8Array(read.subarray(from, from + PIECE_BYTES))))) return;
          await turn();
        }
      }
      gives(await decoder.flush());
    } finally {
      decoder.free();
    }
  });
  return true;
}

function load(): NonNullable<typeof decoders> {
  decoders ??= import('ogg-opus-decoder').then(
    (module) => module.OggOpusDecoder as new (options: object) => OggOpusDecoder,
    () => undefined,
  );
  return decoders;
}
