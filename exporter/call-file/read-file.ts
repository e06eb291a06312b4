import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { type CallFile, CallFileError, LIMITS } from './call-file.ts';
import { CallFileReader, type SoundPart } from './lines.ts';

const NEWLINE = 0x0a;

/**
 * Reads a call file. It needs no more memory than `LIMITS` allow, however large the file is or says that it is.
 *
 * @param onSound - takes the parts of recordings, in order. (Default: they are checked, and left.)
 * @throws CallFileError for what `earshot save` does not write.
 */
export async function readCallFile(
  path: string,
  onSound: (part: SoundPart) => Promise<void> = async () => {},
): Promise<CallFile> {
  const handle = await openFile(path);
  const reader = new CallFileReader();
  const hash = createHash('sha256');
  let before: Buffer | undefined;
  const take = async (line: Buffer): Promise<void> => {
    // The last line has the checksum of all before it.
    if (before !== undefined) hash.update(before).update('\n');
    before = line;
    const sound = reader.line(textOf(line));
    if (sound !== undefined) await onSound(sound);
  };
  const source = handle.createReadStream({ autoClose: false });
  const text = source.pipe(createGunzip());
  source.once('error', (error) => text.destroy(error));
  try {
    await eachLine(text, take);
    return reader.finish(hash.digest('hex'));
  } catch (error) {
    throw isOfGzip(error) ? new CallFileError('it is no call file, or it is damaged or cut off') : error;
  } finally {
    source.destroy();
    text.destroy();
    await handle.close();
  }
}

/** A pipe or a device could be read without an end. */
async function openFile(path: string): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw new CallFileError(`it cannot be read (${String((error as NodeJS.ErrnoException).code)})`);
  }
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new CallFileError('it is no file');
}

/** The lines of what comes, of which the last one ends, too. */
async function eachLine(chunks: AsyncIterable<Buffer>, take: (line: Buffer) => Promise<void>): Promise<void> {
  let rest: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      await take(Buffer.concat([...rest, chunk.subarray(from, end)]));
      [rest, length, from] = [[], 0, end + 1];
    }
    if (from === chunk.length) continue;
    rest.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > LIMITS.line) throw new CallFileError(`a line is longer than ${LIMITS.line} bytes`);
  }
  if (length > 0) throw new CallFileError('it is cut off in the middle of a line');
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(line: Buffer): string {
  try {
    return decoder.decode(line);
  } catch {
    throw new CallFileError('a line of it is not UTF-8');
  }
}

const isOfGzip = (error: unknown): boolean =>
  typeof (error as NodeJS.ErrnoException).code === 'string' &&
  String((error as NodeJS.ErrnoException).code).startsWith('Z_');
