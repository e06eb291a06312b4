import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { lstat, rename, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Recording } from '../../recordings/recordings.ts';
import { BYTES_PER_SAMPLE, samplesIn, WAV_HEADER_BYTES, wavHeader } from '../../recordings/wav.ts';
import type { Place } from '../../storage/place.ts';
import { type CallFile, CallFileError, type SavedSound } from './call-file.ts';
import { CallFileReader, endLine, linesOf, soundLine } from './lines.ts';

/** Bytes of a recording in one line, a multiple of three: base64 then has no padding in the middle. */
const PART = 48 * 1_024;

export interface WriteOptions {
  /** Recordings of the call, and where they are. */
  readonly sound?: Sound | undefined;
  /** Replaces a file that is there. (Default: false.) */
  readonly replace?: boolean;
}

/** Recordings of one place. */
export interface Sound {
  readonly place: Place;
  readonly recordings: readonly Recording[];
}

/**
 * Writes a call file, whole or not at all, for this user alone. Holds a part of a recording at a time.
 * @returns its bytes.
 * @throws CallFileError when a file is there, or something else whose place no file may take, the call is larger than a file may be, or a recording cannot be read.
 */
export async function writeCallFile(
  path: string,
  call: Omit<CallFile, 'sounds'>,
  { sound, replace = false }: WriteOptions = {},
): Promise<number> {
  const there = await lstat(path).catch(() => undefined);
  // Renamed over a device, as /dev/null, a file would take its place for everyone.
  if (there !== undefined && !(there.isFile() || there.isSymbolicLink()))
    throw new CallFileError(`${path} is there, and is no file`);
  if (there !== undefined && !replace) throw new CallFileError(`${path} is there already`);
  const part = `${path}.${process.pid}.part`;
  const file = { ...call, sounds: (sound?.recordings ?? []).map(savedSound) };
  try {
    await pipeline(
      Readable.from(callFileBytes(file, sound)),
      createGzip(),
      createWriteStream(part, { flags: 'wx', mode: 0o600 }),
    );
    await rename(part, path);
    return (await stat(path)).size;
  } catch (error) {
    // What was there before this process stays.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await rm(part, { force: true });
    if (error instanceof CallFileError) throw error;
    throw new CallFileError(
      `${path} cannot be written (${String((error as NodeJS.ErrnoException).code ?? error)})`,
    );
  }
}

/** The bytes of a file before they are packed. @throws CallFileError for a call that is larger than a file may be. */
export async function* callFileBytes(file: CallFile, sound?: Sound): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  // What is written here is what a reader takes, or it is not written.
  const reader = new CallFileReader();
  const written = (line: string): Buffer => {
    reader.line(line);
    const bytes = Buffer.from(`${line}\n`);
    hash.update(bytes);
    return bytes;
  };
  for (const line of linesOf(file)) yield written(line);
  for (const [index, recording] of (sound?.recordings ?? []).entries())
    for await (const part of soundOf(sound?.place, recording, file.sounds[index]?.bytes ?? 0))
      yield written(soundLine(part));
  const sha256 = hash.digest('hex');
  reader.line(endLine(sha256));
  reader.finish(sha256);
  yield Buffer.from(`${endLine(sha256)}\n`);
}

/** A recording that grew has a head that does not know its length. */
const headOf = ({ format, bytes }: Recording): Buffer =>
  format === 'wav' ? wavHeader(samplesIn(bytes)) : Buffer.alloc(0);

const savedSound = (recording: Recording): SavedSound => ({
  startUs: recording.startUs,
  format: recording.format,
  bytes:
    recording.format === 'wav'
      ? WAV_HEADER_BYTES + samplesIn(recording.bytes) * BYTES_PER_SAMPLE
      : recording.bytes,
});

/** The bytes of a recording in parts, as many as it had when it was listed. */
async function* soundOf(
  place: Place | undefined,
  recording: Recording,
  bytes: number,
): AsyncGenerator<Buffer> {
  const head = headOf(recording);
  if (head.length > 0) yield head;
  const file = await place?.open(recording.path);
  if (file === undefined) throw new CallFileError('a recording of the call cannot be read');
  try {
    for (let at = head.length; at < bytes; ) {
      const part = await file.read(at, Math.min(PART, bytes - at));
      if (part.length === 0) throw new CallFileError('a recording of the call became shorter');
      yield part;
      at += part.length;
    }
  } finally {
    await file.close();
  }
}
