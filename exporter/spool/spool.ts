import { appendFileSync, chmodSync, lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { appendFile, open, readdir, rename, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fact } from '../../model/facts.ts';
import { fileName, isAbandoned, isSpoolFile, newOwner } from './spool-files.ts';
import { fromLine, toLine } from './spool-line.ts';

const READ_BYTES = 1 << 20;
/** A longer line is no fact of ours. */
const MAX_LINE_BYTES = 16 << 20;
/** Facts turned into text at a time, so that the event loop gets its turn in between. */
const APPEND_FACTS = 250;
const NEWLINE = 0x0a;

export interface SpoolOptions {
  /** Folder; made with mode 0700 when it is missing. */
  dir: string;
  /** Cap over all files in the folder, those of other processes too. */
  maxBytes: number;
}

/** A piece of the spool, oldest first. */
export interface SpoolBatch {
  readonly facts: readonly Fact[];
  /** Lines that are no facts. */
  readonly corrupt: number;
  /** The facts are committed: moves on, keeps corrupt lines aside, and deletes the file at its end. */
  done(): Promise<void>;
}

/**
 * Facts on disk while the database is away: one fact a line, files of one process apart, appended to and never
 * changed. A file is deleted only after all of its facts are committed, so a crash at any point delivers a fact twice
 * at worst, which the journal does not mind. Files of processes that are gone are claimed by renaming them.
 */
export class Spool {
  readonly #dir: string;
  readonly #maxBytes: number;
  readonly #owner = newOwner();
  /** File to append to. Lower ones are to be replayed. */
  #sequence = 0;
  #appended = false;
  readonly #waiting: string[] = [];
  #offset = 0;
  #prepared = false;

  constructor({ dir, maxBytes }: SpoolOptions) {
    this.#dir = dir;
    this.#maxBytes = maxBytes;
  }

  get dir(): string {
    return this.#dir;
  }

  /** There are facts to replay. */
  get pending(): boolean {
    return this.#appended || this.#waiting.length > 0;
  }

  /**
   * Writes facts. Gives how many fitted below the cap, counted from the first.
   * @throws the file system's error; facts of this call may be in the spool then, and can be given again.
   */
  async append(facts: readonly Fact[]): Promise<number> {
    this.#prepare();
    let free = this.#maxBytes - (await this.#usedBytes());
    let stored = 0;
    for (let start = 0; start < facts.length; start += APPEND_FACTS) {
      const chunk = fitting(facts.slice(start, start + APPEND_FACTS), free);
      if (chunk.count > 0) {
        const path = this.#appendPath();
        try {
          await appendFile(path, chunk.text, { mode: 0o600 });
        } catch (error) {
          this.#seal();
          throw error;
        }
      }
      free -= chunk.bytes;
      stored += chunk.count;
      if (stored < Math.min(start + APPEND_FACTS, facts.length)) break;
    }
    return stored;
  }

  /**
   * The same at once, for a process that is about to exit.
   * @throws the file system's error.
   */
  appendSync(facts: readonly Fact[]): number {
    this.#prepare();
    const used = readdirSync(this.#dir).reduce((sum, name) => sum + sizeSync(join(this.#dir, name)), 0);
    const chunk = fitting(facts, this.#maxBytes - used);
    // A write of before may be under way in the current file.
    this.#seal();
    if (chunk.count > 0) appendFileSync(this.#appendPath(), chunk.text, { mode: 0o600 });
    return chunk.count;
  }

  /** Claims the files of processes that are gone. Gives how many. A folder that cannot be read has none. */
  async claim(nowMs: number = Date.now()): Promise<number> {
    const found: { name: string; touchedMs: number }[] = [];
    for (const name of await readdir(this.#dir).catch(() => [])) {
      if (!isSpoolFile(name) || name.startsWith(this.#owner)) continue;
      const file = await stat(join(this.#dir, name)).catch(() => undefined);
      if (file?.isFile() && isAbandoned(name, file.mtimeMs, nowMs)) {
        found.push({ name, touchedMs: file.mtimeMs });
      }
    }
    found.sort((a, b) => a.touchedMs - b.touchedMs);
    let claimed = 0;
    for (const { name } of found) {
      this.#seal();
      const own = join(this.#dir, fileName(this.#owner, this.#sequence));
      this.#sequence += 1;
      try {
        await rename(join(this.#dir, name), own);
      } catch {
        continue; // Somebody else was faster.
      }
      this.#waiting.push(own);
      claimed += 1;
    }
    if (claimed > 0) await this.touch();
    return claimed;
  }

  /** Says that the files have a living owner. To be called more often than every five minutes. */
  async touch(): Promise<void> {
    const now = new Date();
    const own = [...this.#waiting, ...(this.#appended ? [this.#appendPath()] : [])];
    for (const path of own) await utimes(path, now, now).catch(() => {});
  }

  /**
   * The next facts to write again, at most about a megabyte of them; undefined when there are none.
   * @throws the file system's error.
   */
  async next(): Promise<SpoolBatch | undefined> {
    if (this.#waiting.length === 0) this.#seal();
    const path = this.#waiting[0];
    if (path === undefined) return undefined;
    const piece = await readPiece(path, this.#offset);
    const facts: Fact[] = [];
    const corrupt: string[] = [];
    for (const line of piece.lines) {
      const fact = fromLine(line);
      if (fact !== undefined) facts.push(fact);
      else if (line !== '') corrupt.push(line);
    }
    const done = async () => {
      if (corrupt.length > 0) await appendFile(`${path}.bad`, `${corrupt.join('\n')}\n`, { mode: 0o600 });
      this.#offset = piece.nextOffset;
      if (!piece.last) return;
      await unlink(path).catch(ignoreMissing);
      this.#waiting.shift();
      this.#offset = 0;
    };
    return { facts, corrupt: corrupt.length, done };
  }

  #appendPath(): string {
    this.#appended = true;
    return join(this.#dir, fileName(this.#owner, this.#sequence));
  }

  #seal(): void {
    if (!this.#appended) return;
    this.#waiting.push(join(this.#dir, fileName(this.#owner, this.#sequence)));
    this.#sequence += 1;
    this.#appended = false;
  }

  /** Facts can hold what was said, and the temporary folder is everybody's: the folder must be ours alone. */
  #prepare(): void {
    if (this.#prepared) return;
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    const folder = lstatSync(this.#dir);
    const uid = process.getuid?.();
    if (!folder.isDirectory() || (uid !== undefined && folder.uid !== uid)) {
      throw new Error(`${this.#dir} is not a folder of this user. Set EARSHOT_SPOOL_DIR to one that is.`);
    }
    if (uid !== undefined && (folder.mode & 0o077) !== 0) chmodSync(this.#dir, 0o700);
    this.#prepared = true;
  }

  async #usedBytes(): Promise<number> {
    let bytes = 0;
    for (const name of await readdir(this.#dir)) {
      bytes += (await stat(join(this.#dir, name)).catch(() => undefined))?.size ?? 0;
    }
    return bytes;
  }
}

/** As many of the facts, from the first, as take no more than `freeBytes`. */
function fitting(facts: readonly Fact[], freeBytes: number): { text: string; bytes: number; count: number } {
  let text = '';
  let bytes = 0;
  let count = 0;
  for (const fact of facts) {
    const line = toLine(fact);
    const size = Buffer.byteLength(line);
    if (bytes + size > freeBytes) break;
    text += line;
    bytes += size;
    count += 1;
  }
  return { text, bytes, count };
}

/** Whole lines from `offset` on. A last line without its end is given as it is. */
async function readPiece(
  path: string,
  offset: number,
): Promise<{ lines: string[]; nextOffset: number; last: boolean }> {
  const file = await open(path, 'r').catch(ignoreMissing);
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

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

function sizeSync(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
