import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import {
  access,
  type FileHandle,
  link,
  lstat,
  open,
  readdir,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { makeFolders } from './make-folders.ts';
import type { NewFile, OpenFile, Place } from './place.ts';

/** Who may read what is written here: the system's own rule, or this user alone. */
export interface FolderOptions {
  isPrivate?: boolean;
}

/** A folder on a disk. Whatever is visible in it is whole, after a crash of the machine, too. */
export class Folder implements Place {
  readonly name: string;
  readonly isRemote = false;
  readonly #root: string;
  readonly #options: FolderOptions;
  readonly #folderMode: number;
  readonly #fileMode: number;

  constructor(root: string, options: FolderOptions = {}) {
    const { isPrivate = false } = options;
    this.#options = options;
    this.name = root;
    this.#root = resolve(root);
    this.#folderMode = isPrivate ? 0o700 : 0o777;
    this.#fileMode = isPrivate ? 0o600 : 0o666;
  }

  below(path: string): Folder {
    return new Folder(join(this.name, path), this.#options);
  }

  /** Makes the folder, too, and those on the way to it. */
  async probe(): Promise<void> {
    await this.#makeFolders(this.#root);
    if (!(await stat(this.#root)).isDirectory()) throw coded('ENOTDIR');
    await access(this.#root, constants.R_OK | constants.W_OK | constants.X_OK);
  }

  async list(path: string): Promise<string[]> {
    return (await readdir(this.#path(path)).catch(noneWhere('ENOENT', 'ENOTDIR'))).sort();
  }

  async *walk(path: string): AsyncGenerator<string> {
    const entries = await readdir(this.#path(path), { withFileTypes: true }).catch(noneWhere('ENOENT'));
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const below = path === '' ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory()) yield* this.walk(below);
      else if (entry.isFile()) yield below;
    }
  }

  async stat(path: string) {
    const seen = await lstat(this.#path(path)).catch(undefinedWhere('ENOENT', 'ENOTDIR'));
    return seen?.isFile() ? { bytes: seen.size, modifiedMs: seen.mtimeMs } : undefined;
  }

  async open(path: string): Promise<OpenFile | undefined> {
    // Without waiting: what is no file may be a pipe, whose opening lasts until someone writes to it.
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
    const handle = await open(this.#path(path), flags).catch(
      undefinedWhere('ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'),
    );
    if (handle === undefined) return undefined;
    const seen = await handle.stat();
    if (seen.isFile()) return reading(handle, seen.size);
    await handle.close();
    return undefined;
  }

  async create(path: string): Promise<NewFile> {
    const file = this.#path(path);
    await this.#makeFolders(dirname(file));
    const handle = await open(file, 'wx', this.#fileMode);
    return {
      append: async (bytes) => void (await handle.appendFile(bytes)),
      close: async () => {
        await handle.sync();
        await handle.close();
      },
      discard: async () => {
        await handle.close().catch(() => {});
        await rm(file, { force: true }).catch(() => {});
      },
    };
  }

  /** Under another name first: another process may read it. */
  async put(path: string, bytes: Uint8Array | string): Promise<void> {
    const draft = await this.#draft(path, bytes);
    await rename(draft, this.#path(path)).catch(async (error) => {
      await rm(draft, { force: true });
      throw error;
    });
  }

  async putOnce(path: string, bytes: string): Promise<boolean> {
    const draft = await this.#draft(path, bytes);
    try {
      await toDisk(draft);
      await link(draft, this.#path(path));
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    } finally {
      await rm(draft, { force: true });
    }
    await folderToDisk(dirname(this.#path(path)));
    return true;
  }

  async adopt(file: string, path: string): Promise<void> {
    const name = this.#path(path);
    await this.#makeFolders(dirname(name));
    await toDisk(file);
    await rename(file, name);
    await folderToDisk(dirname(name));
  }

  async move(from: string, to: string): Promise<void> {
    const name = this.#path(to);
    await this.#makeFolders(dirname(name));
    await rename(this.#path(from), name);
    await folderToDisk(dirname(name));
  }

  remove(path: string): Promise<void> {
    return rm(this.#path(path), { recursive: true, force: true });
  }

  #path(path: string): string {
    return join(this.#root, path);
  }

  async #draft(path: string, bytes: Uint8Array | string): Promise<string> {
    const draft = this.#path(`${path}.${randomUUID()}.part`);
    await this.#makeFolders(dirname(draft));
    await writeFile(draft, bytes, { mode: this.#fileMode, flag: 'wx' });
    return draft;
  }

  #makeFolders(folder: string): Promise<void> {
    return makeFolders(folder, this.#folderMode);
  }
}

function reading(handle: FileHandle, bytes: number): OpenFile {
  return {
    bytes,
    read: async (position, length) => {
      const buffer = Buffer.alloc(Math.min(length, Math.max(0, bytes - position)));
      let done = 0;
      while (done < buffer.length) {
        const { bytesRead } = await handle.read(buffer, done, buffer.length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return buffer.subarray(0, done);
    },
    stream: async (first, last) => handle.createReadStream({ start: first, end: last, autoClose: false }),
    close: () => handle.close(),
  };
}

async function toDisk(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A new name is on the disk when its folder is. Windows has no such thing, and needs none. */
const folderToDisk = (path: string): Promise<void> =>
  process.platform === 'win32' ? Promise.resolve() : toDisk(path);

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code;

const coded = (code: string): Error => Object.assign(new Error(code), { code });

const noneWhere =
  (...codes: readonly string[]) =>
  (error: unknown): never[] => {
    if (codes.includes(codeOf(error) ?? '')) return [];
    throw error;
  };

const undefinedWhere =
  (...codes: readonly string[]) =>
  (error: unknown): undefined => {
    if (!codes.includes(codeOf(error) ?? '')) throw error;
  };
