import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../command.ts';
import { missingPackages } from '../missing.ts';

/** A PostgreSQL in this process, which this process and others reach over its socket. */
export interface EmbeddedServer {
  readonly url: string;
  /** Lets the transaction under way end, closes the connections and writes everything to disk. */
  close(): Promise<void>;
}

/** Every connection shares one backend: enough for some commands and an agent. */
const MAX_CONNECTIONS = 40;
/** For the transaction that is under way at the end. */
const GRACE_MS = 2_000;
/** PostgreSQL's name for a socket; drivers are given its folder. */
const SOCKET = '.s.PGSQL.5432';
/** What the system takes for the path of a socket, on the strictest. */
const MAX_SOCKET_PATH_BYTES = 103;

/**
 * Opens the database in `dataDir` and serves it, where no other user comes to it: on a socket in that folder, or in one of
 * its own where the folder's path is too long for one or its file system has none; on loopback where the system has no
 * such sockets. `again` is where it was before, if it was.
 *
 * @throws CommandError when the optional packages are not installed.
 */
export async function startServer(dataDir: string, again?: string): Promise<EmbeddedServer> {
  const { PGlite, PGLiteSocketServer } = await loadPackages();
  const db = await PGlite.create(join(dataDir, 'postgres'));
  const listen = async (where: { path: string } | { host: string; port: number }) => {
    if ('path' in where) await rm(where.path, { force: true });
    const server = new PGLiteSocketServer({ db, maxConnections: MAX_CONNECTIONS, ...where });
    await server.start();
    if ('path' in where) await chmod(where.path, 0o600);
    return server;
  };
  const stop = async (server: InstanceType<typeof PGLiteSocketServer>) => {
    const deadline = performance.now() + GRACE_MS;
    while (db.isInTransaction() && performance.now() < deadline) await sleep(5);
    await server.stop();
    await db.close();
  };
  try {
    if (process.platform === 'win32') {
      const port = again === undefined ? 0 : Number(new URL(again).port);
      const server = await listen({ host: '127.0.0.1', port });
      return { url: `postgres://postgres@${server.getServerConn()}/postgres`, close: () => stop(server) };
    }
    const at = async (folder: string): Promise<EmbeddedServer> => {
      const server = await listen({ path: join(folder, SOCKET) });
      return {
        url: urlOf(folder),
        close: async () => {
          await stop(server);
          if (folder !== dataDir) await rm(folder, { recursive: true, force: true });
        },
      };
    };
    const usual = again === undefined ? dataDir : socketOf(again);
    const fits = Buffer.byteLength(join(usual, SOCKET)) <= MAX_SOCKET_PATH_BYTES;
    await mkdir(usual, { recursive: true, mode: 0o700 });
    const server = fits ? await at(usual).catch(() => undefined) : undefined;
    return server ?? (await at(await mkdtemp(join(tmpdir(), 'earshot-'))));
  } catch (error) {
    await db.close();
    throw error;
  }
}

/** A socket's folder stands where the host does, as PostgreSQL has it. */
const urlOf = (folder: string) => `postgres://postgres@${encodeURIComponent(folder)}/postgres`;
const socketOf = (url: string) => decodeURIComponent(new URL(url).hostname);

/** What to connect to, of a server's URL. */
export function addressOf(url: string): { path: string } | { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return port === '' ? { path: join(socketOf(url), SOCKET) } : { host: hostname, port: Number(port) };
}

async function loadPackages() {
  const missing = missingPackages('database');
  if (missing !== undefined)
    throw new CommandError(
      `without EARSHOT_DATABASE_URL the embedded database is used, and it is not installed. Set EARSHOT_DATABASE_URL to a PostgreSQL, or: ${missing}`,
    );
  const [{ PGlite }, { PGLiteSocketServer }] = await Promise.all([
    import('@electric-sql/pglite'),
    import('@electric-sql/pglite-socket'),
  ]);
  return { PGlite, PGLiteSocketServer };
}
