import { utimesSync } from 'node:fs';
import { lstat, readdir, rename, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { diag } from '@opentelemetry/api';
import type { Fact } from '../../model/facts.ts';
import { findPrivate, isOwnFile, makePrivate, NotPrivateError } from './private-folder.ts';
import { fileName, isAbandoned, isSpoolFile, newOwner } from './spool-files.ts';
import type { SpoolFolder } from './spool-folder.ts';
import { append, appendNow, ignoreMissing, readPiece, usedBytes, usedBytesNow } from './spool-io.ts';
import { fromLine, toLine } from './spool-line.ts';

/** Facts turned into text at a time, so that the event loop gets its turn in between. */
const APPEND_FACTS = 250;
/** Of files whose owner has given them up: older than any that is in use. */
const RELEASED = new Date(0);

export interface SpoolOptions {
  /** The first that no other user can read or change is used; made with mode 0700 when it is missing. */
  folders: readonly SpoolFolder[];
  /** Cap over all files in the folder, those of other processes too. */
  maxBytes: number;
}

/** A piece of the spool, oldest first. */
export interface SpoolBatch {
  readonly facts: readonly Fact[];
  /** Lines that are not facts. */
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
  readonly #folders: readonly SpoolFolder[];
  readonly #maxBytes: number;
  readonly #owner = newOwner();
  /** Of the next file. */
  #sequence = 0;
  /** The file to append to; the ones before are to be replayed. */
  #current: string | undefined;
  /** A write to it is under way. */
  #appending = false;
  /** The last call of `append`: the next one waits for it. */
  #appended: Promise<unknown> = Promise.resolve();
  readonly #waiting: string[] = [];
  #offset = 0;
  /** Known since it was found or made. */
  #dir: string | undefined;

  constructor({ folders, maxBytes }: SpoolOptions) {
    this.#folders = folders;
    this.#maxBytes = maxBytes;
  }

  /** The folder that is used, or the one that would be tried first. */
  get dir(): string {
    return this.#dir ?? this.#folders[0]?.path ?? '';
  }

  /** There are facts to replay. */
  get pending(): boolean {
    return this.#current !== undefined || this.#waiting.length > 0;
  }

  /**
   * Writes facts. Gives how many fitted below the cap, counted from the first.
   * @throws the file system's error; facts of this call may be in the spool then, and can be given again.
   */
  append(facts: readonly Fact[]): Promise<number> {
    const appended = this.#appended.then(() => this.#append(facts));
    this.#appended = appended.catch(() => {});
    return appended;
  }

  async #append(facts: readonly Fact[]): Promise<number> {
    const dir = this.#prepare();
    let free = this.#maxBytes - (await usedBytes(dir));
    let stored = 0;
    for (let start = 0; start < facts.length; start += APPEND_FACTS) {
      const chunk = fitting(facts.slice(start, start + APPEND_FACTS), free);
      if (chunk.count > 0) await this.#write(dir, chunk.text);
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
    const dir = this.#prepare();
    const used = usedBytesNow(dir);
    const chunk = fitting(facts, this.#maxBytes - used);
    if (chunk.count === 0) return 0;
    this.#seal();
    // A write of before may be under way in the current file: these get one of their own.
    const path = this.#newPath(dir);
    this.#waiting.push(path);
    appendNow(path, chunk.text);
    return chunk.count;
  }

  /** Gives the files up at once: the next process to look, on this machine or another, need not wait until they are stale. */
  releaseSync(): void {
    this.#seal();
    for (const path of this.#waiting) {
      try {
        utimesSync(path, RELEASED, RELEASED);
      } catch {} // It is gone, or another process's by now.
    }
  }

  /**
   * Claims the files of processes of this user that are gone. Gives how many. A folder that cannot be read has none, and
   * neither has one that another user could have written to.
   */
  async claim(nowMs: number = Date.now()): Promise<number> {
    const dir = this.#find();
    if (dir === undefined) return 0;
    const found: { name: string; touchedMs: number }[] = [];
    for (const name of await readdir(dir).catch(() => [])) {
      if (!isSpoolFile(name) || name.startsWith(this.#owner)) continue;
      const file = await lstat(join(dir, name)).catch(() => undefined);
      if (file !== undefined && isOwnFile(file) && isAbandoned(name, file.mtimeMs, nowMs)) {
        found.push({ name, touchedMs: file.mtimeMs });
      }
    }
    found.sort((a, b) => a.touchedMs - b.touchedMs);
    let claimed = 0;
    for (const { name } of found) {
      const own = this.#newPath(dir);
      try {
        await rename(join(dir, name), own);
      } catch {
        continue; // Another process was faster.
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
    const own = [...this.#waiting, ...(this.#current === undefined ? [] : [this.#current])];
    for (const path of own) await utimes(path, now, now).catch(() => {});
  }

  /**
   * The next facts to write again, at most about a quarter of a megabyte of them; undefined when there are none.
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
      if (corrupt.length > 0) await append(`${path}.bad`, `${corrupt.join('\n')}\n`);
      this.#offset = piece.nextOffset;
      if (!piece.last) return;
      await unlink(path).catch(ignoreMissing);
      this.#waiting.shift();
      this.#offset = 0;
    };
    return { facts, corrupt: corrupt.length, done };
  }

  #newPath(dir: string): string {
    this.#sequence += 1;
    return join(dir, fileName(this.#owner, this.#sequence - 1));
  }

  async #write(dir: string, text: string): Promise<void> {
    const isNew = this.#current === undefined;
    this.#current ??= this.#newPath(dir);
    const path = this.#current;
    this.#appending = true;
    try {
      await append(path, text, isNew);
    } catch (error) {
      // What is in it may be half a line: the next write gets another file.
      if (this.#current === path) this.#current = undefined;
      this.#waiting.push(path);
      throw error;
    } finally {
      this.#appending = false;
    }
  }

  /** Lets the current file be replayed. Not while it is written to: its end would be lost when it is deleted. */
  #seal(): void {
    if (this.#current === undefined || this.#appending) return;
    this.#waiting.push(this.#current);
    this.#current = undefined;
  }

  /**
   * The folder, made when it is missing.
   * @throws the last folder's error, when none can be used.
   */
  #prepare(): string {
    this.#dir ??= firstOf(this.#folders, makePrivate);
    return this.#dir;
  }

  /** The folder, when it is there and can be used. */
  #find(): string | undefined {
    try {
      this.#dir ??= firstOf(this.#folders, findPrivate);
    } catch (error) {
      if (!(error instanceof NotPrivateError)) throw error;
    }
    return this.#dir;
  }
}

/** The first folder that `use` gives; what it throws for another is said when there is one after it. */
function firstOf<Found>(folders: readonly SpoolFolder[], use: (folder: SpoolFolder) => Found): Found {
  for (const folder of folders.slice(0, -1)) {
    try {
      const found = use(folder);
      if (found !== undefined) return found;
    } catch (error) {
      diag.warn(`earshot: ${(error as Error).message} Another folder is used.`);
    }
  }
  const [last] = folders.slice(-1);
  if (last === undefined) throw new NotPrivateError('There is no folder for spans. Set EARSHOT_SPOOL_DIR.');
  return use(last);
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
