import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '../store/index.ts';

/** A file that is being written. */
export interface NewFile {
  append(bytes: Uint8Array | string): Promise<void>;
  /** Its bytes are on the disk then. */
  close(): Promise<void>;
}

/**
 * Where an export goes: a folder on a disk. Whatever is visible in it is whole, after a crash of the machine, too.
 * Paths are below it, with slashes.
 */
export class Folder {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** The names in a folder, sorted; none where there is none. */
  async list(path: string): Promise<string[]> {
    try {
      return (await readdir(join(this.#root, path))).sort();
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return [];
      throw error;
    }
  }

  read(path: string): Promise<string> {
    return readFile(join(this.#root, path), 'utf8');
  }

  async has(path: string): Promise<boolean> {
    return stat(join(this.#root, path)).then(
      () => true,
      (error: unknown) => {
        if (errorCode(error) === 'ENOENT') return false;
        throw error;
      },
    );
  }

  /** Begins a file, with the folders on the way to it. */
  async create(path: string): Promise<NewFile> {
    const file = join(this.#root, path);
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(file, 'wx');
    return {
      append: async (bytes) => void (await handle.appendFile(bytes)),
      close: async () => {
        await handle.sync();
        await handle.close();
      },
    };
  }

  /** Gives a file that is on the disk a second name, which exists only once: false where it is taken. */
  async claim(from: string, to: string): Promise<boolean> {
    const name = join(this.#root, to);
    await mkdir(dirname(name), { recursive: true });
    try {
      await link(join(this.#root, from), name);
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false;
      throw error;
    }
    await toDisk(dirname(name));
    return true;
  }

  async move(from: string, to: string): Promise<void> {
    const name = join(this.#root, to);
    await mkdir(dirname(name), { recursive: true });
    await rename(join(this.#root, from), name);
    await toDisk(dirname(name));
  }

  /** Removes a folder with all that is in it, if it is there. */
  remove(path: string): Promise<void> {
    return rm(join(this.#root, path), { recursive: true, force: true });
  }
}

/** A new name is on the disk when its folder is. Windows has no such thing, and needs none. */
async function toDisk(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
