import { setImmediate as turn } from 'node:timers/promises';
import type { OpenFile } from '../storage/place.ts';
import { oggSeconds } from './ogg.ts';
import { decodeOgg, OPUS_RATE } from './opus-decoder.ts';
import { SAMPLE_READERS } from './samples.ts';
import { SoundError } from './sound-error.ts';
import { isWav, readWavHead } from './wav-head.ts';

/** Takes the next samples of a recording, −1 to 1, left and right. */
export type TakeSound = (left: Float32Array, right: Float32Array) => void;

/** What a file was seen to be. */
export interface SoundFile {
  readonly format: 'wav' | 'ogg';
  /** Seconds that its head promises and that are not there. Absent: none. */
  readonly missingSeconds?: number;
}

/** Longer calls are not heard: of what is longer nothing is read, or no more. */
const MOST_SECONDS = 12 * 3_600;
const READ_BYTES = 1 << 18;

/**
 * Reads a recording with the caller left and the agent right, piece by piece: WAV (PCM, floating point, A-law, mu-law) or Ogg Opus,
 * by what it begins with and not by its name.
 *
 * @param begin - called with how many samples a second come, before the first
 * @throws SoundError for what cannot be heard.
 */
export async function readSound(file: OpenFile, begin: (rate: number) => TakeSound): Promise<SoundFile> {
  const head = await file.read(0, 12);
  if (isWav(head)) return readWav(file, begin);
  if (head.toString('latin1', 0, 4) === 'OggS') return readOgg(file, begin);
  throw new SoundError(
    file.bytes === 0
      ? 'it is empty'
      : 'it is neither WAV nor Ogg Opus; ffmpeg -i FILE -c:a pcm_s16le out.wav makes WAV of most others',
  );
}

async function readWav(file: OpenFile, begin: (rate: number) => TakeSound): Promise<SoundFile> {
  const { coding, channels, rate, sampleBytes, dataAt, dataBytes, missingBytes } = await readWavHead(file);
  if (channels !== 2) throw notStereo(channels);
  const frame = sampleBytes * channels;
  const frames = Math.floor(dataBytes / frame);
  if (frames === 0) throw new SoundError('it has no samples');
  if (frames / rate > MOST_SECONDS) throw tooLong();
  const take = begin(rate);
  const read = SAMPLE_READERS[coding];
  const piece = Math.floor(READ_BYTES / frame);
  for (let done = 0; done < frames; ) {
    const bytes = await file.read(dataAt + done * frame, Math.min(piece, frames - done) * frame);
    const count = Math.floor(bytes.length / frame);
    if (count === 0) break;
    const [left, right] = [new Float32Array(count), new Float32Array(count)];
    for (let i = 0; i < count; i++) {
      left[i] = read(bytes, i * frame);
      right[i] = read(bytes, i * frame + sampleBytes);
    }
    take(left, right);
    done += count;
    await turn();
  }
  return {
    format: 'wav',
    ...(missingBytes !== undefined && { missingSeconds: missingBytes / frame / rate }),
  };
}

/** Byte of `OpusHead` that says how many channels there are. */
const CHANNELS_AT = 9;

async function readOgg(file: OpenFile, begin: (rate: number) => TakeSound): Promise<SoundFile> {
  const seconds = await oggSeconds(file);
  if (seconds === undefined) throw new SoundError('it is Ogg, and does not hold Opus');
  const head = await file.read(0, 128);
  const channels = head[head.indexOf('OpusHead', 0, 'latin1') + CHANNELS_AT] ?? 0;
  if (channels !== 2) throw notStereo(channels);
  if (seconds > MOST_SECONDS) throw tooLong();
  const take = begin(OPUS_RATE);
  // A file can hold more than its last page says: what is beyond was not recorded.
  let left = Math.ceil((seconds + 1) * OPUS_RATE);
  const isDecoded = await decodeOgg(file, (caller, agent) => {
    const count = Math.min(left, caller.length);
    take(caller.subarray(0, count), agent.subarray(0, count));
    left -= count;
    return left > 0;
  });
  if (!isDecoded)
    throw new SoundError('it is Ogg Opus, which ogg-opus-decoder decodes: npm install ogg-opus-decoder');
  return { format: 'ogg' };
}

const notStereo = (channels: number) =>
  new SoundError(
    channels === 1
      ? 'it is mono: caller and agent cannot be told apart. Record them apart, caller left and agent right (Twilio: dual-channel)'
      : `it has ${channels} channels, expected two: caller left, agent right`,
  );

const tooLong = () => new SoundError(`it is longer than ${MOST_SECONDS / 3_600} hours`);
