import { stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../../exporter/store/index.ts';
import { makeFolders } from '../../storage/make-folders.ts';
import { CommandError } from '../command.ts';
import { isCode, isRunning, type Owner, readOwner, removeStale, takeOwnership } from './owner-file.ts';
import { addressOf, type EmbeddedServer, startServer } from './server.ts';

/** The database in `.earshot`, opened by this process or reached through the one that has it open. */
export interface EmbeddedDatabase {
  /** For PostgreSQL's drivers, of this and other processes of this user. Stays the same until `close`. */
  readonly url: string;
  /** Resolves when the database can be reached: when the process that had it open is gone, this one has opened it. */
  reachable(): Promise<void>;
  /** Gives the folder free, or leaves it to the process that has it open. */
  close(): Promise<void>;
}

/** For another process to open the folder, or to close it. */
const WAIT_MS = 60_000;
const LOOK_EVERY_MS = 50;

/** How this process has the database: as its owner, or over a connection that lasts as long as the owner does. */
type Tenancy = { readonly server: EmbeddedServer } | { readonly owner: Socket; readonly url: string };

/**
 * Opens the embedded database in `dataDir`. One process owns it at a time, and the others reach it through that one, which
 * an owner file names; when the owner ends, another one takes its place.
 *
 * It survives a kill of the process, but not a power cut: for anything but trying out set `EARSHOT_DATABASE_URL`.
 *
 * @throws CommandError when another process holds the folder and cannot be reached, the folder cannot be made or is a file, or
 * the optional packages are not installed.
 */
export async function openEmbeddedDatabase(dataDir: string): Promise<EmbeddedDatabase> {
  await makeFolders(dataDir, 0o700).catch((error: unknown) => {
    throw new CommandError(
      `${dataDir} cannot be made (${errorCode(error)}). Choose another folder with EARSHOT_DATA_DIR.`,
    );
  });
  if (!(await stat(dataDir)).isDirectory())
    throw new CommandError(`${dataDir} is no folder. Choose another one with EARSHOT_DATA_DIR.`);
  const first = await acquire(dataDir);
  const url = 'server' in first ? first.server.url : first.url;
  let tenancy = Promise.resolve(first);
  let lost = false;
  let closing: Promise<void> | undefined;
  const watchOwner = (now: Tenancy): Tenancy => {
    if ('owner' in now)
      now.owner.once('close', () => {
        lost = true;
        if (closing === undefined) void reachable().catch(() => {}); // The next one who needs it is told.
      });
    return now;
  };
  const reachable = async (): Promise<void> => {
    if (lost && closing === undefined) {
      lost = false;
      tenancy = acquire(dataDir, url).then(watchOwner);
      tenancy.catch(() => {
        lost = true;
      });
    }
    await tenancy;
  };
  watchOwner(first);
  const close = async (): Promise<void> => {
    const last = await tenancy.catch(() => undefined);
    if (last === undefined) return;
    if ('server' in last) await last.server.close();
    else last.owner.destroy();
  };
  return {
    url,
    reachable,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

async function acquire(dataDir: string, again?: string): Promise<Tenancy> {
  const path = join(dataDir, 'lock');
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const server = await own(dataDir, path, again);
    if (server !== undefined) return { server };
    const seen = await readOwner(path);
    if (seen !== undefined) {
      const owner = seen.url === undefined ? undefined : await connectTo(seen.url);
      if (typeof owner === 'object' && seen.url !== undefined) return { owner, url: seen.url };
      const gone = owner === 'refused' || !isRunning(seen.pid);
      if (gone && seen.host === hostname()) {
        await removeStale(path, seen.text);
        continue;
      }
      if (seen.host !== hostname() || performance.now() > deadline) throw inUse(dataDir, path, seen);
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/** Opens the database in this process; undefined when another one owns the folder. */
async function own(
  dataDir: string,
  path: string,
  again: string | undefined,
): Promise<EmbeddedServer | undefined> {
  const ownership = await takeOwnership(path);
  if (ownership === undefined) return undefined;
  try {
    const { url, close } = await startServer(dataDir, again);
    await ownership.announce(url);
    return {
      url,
      close: async () => {
        await ownership.withdraw();
        await close();
        await ownership.release();
      },
    };
  } catch (error) {
    await ownership.release();
    throw error;
  }
}

/** A connection to a server. `refused`: nothing listens at its socket, so that its process is gone. */
function connectTo(url: string): Promise<Socket | 'refused' | undefined> {
  const socket = connect(addressOf(url));
  return new Promise((resolve) => {
    socket.once('connect', () => {
      socket.off('error', failed).on('error', () => {}); // Its end is what counts.
      resolve(socket.unref());
    });
    const failed = (error: Error) => resolve(isCode(error, 'ECONNREFUSED') ? 'refused' : undefined);
    socket.once('error', failed);
  });
}

const inUse = (dataDir: string, path: string, { pid, host, command, since }: Owner) =>
  new CommandError(
    `${dataDir} is in use by process ${pid} on ${host} (${command}), since ${since}, and it does not answer. ` +
      `Wait until it ends, stop it, or use another folder with EARSHOT_DATA_DIR. When it is gone for good, delete ${path}.`,
  );
