import { execFile } from 'node:child_process';
import { chown, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { serverAccount } from './account.ts';

const run = promisify(execFile);

/** Megabytes: more than the tests store, and soon filled. */
const SIZE = 64;
/** Large: while it is filled, others go on writing. */
const PIECE = Buffer.alloc(1 << 22);

/** A disk of its own for a database, so that it can be full without the machine's being so. */
export class SmallDisk {
  readonly #folder: string;
  readonly #ballast: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#ballast = join(folder, 'ballast');
  }

  /** Undefined where this process may not mount one: it takes root, and the right to mount. Linux only. */
  static async mount(): Promise<SmallDisk | undefined> {
    if (process.getuid?.() !== 0) return undefined;
    const folder = await mkdtemp(join(tmpdir(), 'earshot-disk-'));
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}m`, 'tmpfs', folder]);
    } catch {
      await rm(folder, { recursive: true });
      return undefined;
    }
    return new SmallDisk(folder);
  }

  /** What the database creates from now on is on this disk. */
  async take(databaseUrl: string): Promise<void> {
    const [data, name] = [join(this.#folder, 'data'), new URL(databaseUrl).pathname.slice(1)];
    const account = await serverAccount();
    await run('mkdir', [data]);
    if (account !== undefined) await chown(data, account.uid, account.gid);
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    try {
      await client.query(`CREATE TABLESPACE small LOCATION '${data}'`);
      await client.query(`ALTER DATABASE ${name} SET default_tablespace = small`);
    } finally {
      await client.end();
    }
  }

  /** Leaves no byte free. */
  async fill(): Promise<void> {
    const file = await open(this.#ballast, 'a');
    try {
      for (;;) await file.write(PIECE);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      await file.close();
    }
  }

  /** Makes room again. */
  free(): Promise<void> {
    return rm(this.#ballast, { force: true });
  }

  /** To be called when the server has stopped. */
  async unmount(): Promise<void> {
    await run('umount', ['--lazy', this.#folder]);
    await rm(this.#folder, { recursive: true });
  }
}
