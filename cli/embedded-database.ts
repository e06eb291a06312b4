import { mkdir, open, readFile, rename, rm, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { CommandError } from './command.ts';

/** A PostgreSQL in this process, reached over the PostgreSQL protocol on loopback. */
export interface EmbeddedDatabase {
  /** `postgres://…@127.0.0.1:PORT/postgres`. */
  readonly url: string;
  /** Stops serving, writes everything to disk and gives the folder free. */
  close(): Promise<void>;
}

/** Every connection shares one backend: enough for the CLI and an agent, no more. */
const MAX_CONNECTIONS = 20;

/**
 * Opens the embedded database in `dataDir` and serves it. One process at a time: two that open the same folder lose
 * each other's rows without a word, so a lock file says who holds it.
 *
 * It survives a kill of the process, but not a power cut: for anything but trying out set `EARSHOT_DATABASE_URL`.
 *
 * @throws CommandError when another process holds the folder, or the optional packages are not installed.
 */
export async function openEmbeddedDatabase(dataDir: string): Promise<EmbeddedDatabase> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const unlock = await lock(dataDir);
  try {
    const { PGlite, PGLiteSocketServer } = await loadPackages();
    const db = await PGlite.create(join(dataDir, 'postgres'));
    const server = new PGLiteSocketServer({
      db,
      host: '127.0.0.1',
      port: 0,
      maxConnections: MAX_CONNECTIONS,
    });
    await server.start();
    return {
      url: `postgres://postgres@${server.getServerConn()}/postgres`,
      close: async () => {
        await server.stop();
        await db.close();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function loadPackages() {
  try {
    const [{ PGlite }, { PGLiteSocketServer }] = await Promise.all([
      import('@electric-sql/pglite'),
      import('@electric-sql/pglite-socket'),
    ]);
    return { PGlite, PGLiteSocketServer };
  } catch (cause) {
    throw new CommandError(
      'without EARSHOT_DATABASE_URL the embedded database is used, and it is not installed. ' +
        'Set EARSHOT_DATABASE_URL to a PostgreSQL, or: npm install @electric-sql/pglite@0.5.14 @electric-sql/pglite-socket@0.2.17',
      { cause },
    );
  }
}

interface Holder {
  pid: number;
  host: string;
  command: string;
  since: string;
}

/** Takes the folder's lock file and gives the way to release it. */
async function lock(dataDir: string): Promise<() => Promise<void>> {
  const path = join(dataDir, 'lock');
  const holder: Holder = {
    pid: process.pid,
    host: hostname(),
    command: process.argv.slice(1).join(' '),
    since: new Date().toISOString(),
  };
  for (;;) {
    try {
      const file = await open(path, 'wx', 0o600);
      await file.writeFile(`${JSON.stringify(holder)}\n`);
      await file.close();
      const release = () => rm(path, { force: true });
      return release;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    await clearStaleLock(path, dataDir);
  }
}

async function clearStaleLock(path: string, dataDir: string): Promise<void> {
  const holder = await readHolder(path);
  if (holder && (holder.host !== hostname() || isRunning(holder.pid)))
    throw new CommandError(
      `${dataDir} is in use by process ${holder.pid} on ${holder.host} (${holder.command}), since ${holder.since}. ` +
        'Wait until it ends, stop it, or use another folder with EARSHOT_DATA_DIR.',
    );
  // Renaming is atomic: of two processes that find the same dead lock, one clears it and the other starts over.
  const stale = `${path}.stale-${process.pid}`;
  try {
    await rename(path, stale);
    await unlink(stale);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Who holds the lock; undefined when the file is gone or its writer died before it was written. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
