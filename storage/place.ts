import type { Readable } from 'node:stream';

/** A file that is being written. No one sees it under its name before it is whole, or, in a folder, all that came. */
export interface NewFile {
  append(bytes: Uint8Array | string): Promise<void>;
  /** It is whole, and durable then. */
  close(): Promise<void>;
  /** Nothing is to become of it. Never throws. */
  discard(): Promise<void>;
}

/** A file that is being read. */
export interface OpenFile {
  readonly bytes: number;
  /** Up to `length` bytes from a position on; fewer only at its end. */
  read(position: number, length: number): Promise<Buffer>;
  /** Its bytes from the first to the last of these. */
  stream(first: number, last: number): Promise<Readable>;
  close(): Promise<void>;
}

/**
 * Where files are kept: a folder of this machine, or a bucket of S3. Paths are below it, with slashes. What fails is thrown as
 * the system, or the store, has it.
 */
export interface Place {
  /** As an operator names it; for messages. */
  readonly name: string;
  /** Whether listing, looking and reading cost money and a round trip each. */
  readonly isRemote: boolean;
  /** A place of its own in a folder of this one. */
  below(path: string): Place;
  /** Fails at once where nothing can be kept here. */
  probe(): Promise<void>;
  /** The names in a folder, sorted; none where there is none. */
  list(path: string): Promise<string[]>;
  /** The paths of all files below a folder; those of one folder come one after another. */
  walk(path: string): AsyncIterable<string>;
  stat(path: string): Promise<{ readonly bytes: number; readonly modifiedMs: number } | undefined>;
  /** Undefined where there is no such file, or where its name is a link. */
  open(path: string): Promise<OpenFile | undefined>;
  /** Begins a file that is not there. */
  create(path: string): Promise<NewFile>;
  /** Writes a small file, whatever was there. */
  put(path: string, bytes: Uint8Array | string): Promise<void>;
  /** Writes a small file that exists only once, durably: false where the name is taken. */
  putOnce(path: string, bytes: string): Promise<boolean>;
  /** Takes a file of this machine, which is gone from there then. What was there under that name is replaced. */
  adopt(file: string, path: string): Promise<void>;
  move(from: string, to: string): Promise<void>;
  /** Removes a file, or a folder with all that is in it, if it is there. */
  remove(path: string): Promise<void>;
}

/** All of a small file as text. @throws what `open` throws, and an error where there is none. */
export async function readText(place: Place, path: string): Promise<string> {
  const bytes = await readAll(place, path);
  if (bytes === undefined) throw new Error(`There is no ${path} in ${place.name}.`);
  return bytes.toString('utf8');
}

/** All of a small file; undefined where there is none. */
export async function readAll(place: Place, path: string): Promise<Buffer | undefined> {
  const file = await place.open(path);
  if (file === undefined) return undefined;
  try {
    return await file.read(0, file.bytes);
  } finally {
    await file.close();
  }
}
