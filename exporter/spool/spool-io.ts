import { closeSync, constants, lstatSync, openSync, readdirSync, writeSync } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Parsed at a stretch: two milliseconds or so of the event loop. */
const READ_BYTES = 1 << 18;
/** A longer line is not a fact of ours. */
const MAX_LINE_BYTES = 16 << 20;
const NEWLINE = 0x0a;
const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_RDONLY, O_WRONLY } = constants;
const APPEND = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW;
const READ = O_RDONLY | O_NOFOLLOW;
const OWN_ONLY = 0o600;

/** Of a file that must be new. A link is never followed. */
const flags = (isNew: boolean) => (isNew ? APPEND | O_EXCL : APPEND);

/** Appends to a file that only this user can read. `isNew`: it must not be there yet. */
export async function append(path: string, text: string, isNew = false): Promise<void> {
  const file = await open(path, flags(isNew), OWN_ONLY);
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
}

/** The same at once, to a new file. */
export function appendNow(path: string, text: string): void {
  const file = openSync(path, flags(true), OWN_ONLY);
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  } finally {
    closeSync(file);
  }
}

/** Bytes of all files of a folder. */
export async function usedBytes(dir: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(dir))
    bytes += (await lstat(join(dir, name)).catch(() => undefined))?.size ?? 0;
  return bytes;
}

/** The same at once. */
export const usedBytesNow = (dir: string): number =>
  readdirSync(dir).reduce(
    (sum, name) => sum + (lstatSync(join(dir, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );

/** Whole lines from `offset` on. A last line without its end is given as it is. */
export async function readPiece(
  path: string,
  offset: number,
): Promise<{ lines: string[]; nextOffset: number; last: boolean }> {
  const file = await open(path, READ).catch(ignoreMissing);
  if (file === undefined) return { lines: [], nextOffset: offset, last: true };
  try {
    const { size } = await file.stat();
    for (let length = READ_BYTES; ; length *= 2) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
      const bytes = buffer.subarray(0, bytesRead);
      const last = offset + bytesRead >= size || bytesRead === 0;
      const end = last || length > MAX_LINE_BYTES ? bytesRead : bytes.lastIndexOf(NEWLINE) + 1;
      if (end === 0 && !last) continue;
      return { lines: bytes.toString('utf8', 0, end).split('\n'), nextOffset: offset + end, last };
    }
  } finally {
    await file.close();
  }
}

export function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
