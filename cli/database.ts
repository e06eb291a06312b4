import { resolve } from 'node:path';
import {
  type Database,
  migrate,
  openPostgres,
  type PostgresOptions,
  schemaNamer,
} from '../exporter/store/index.ts';
import { databaseVariable, SettingError, type Settings } from '../model/settings.ts';
import { acrossOwners } from './embedded/again.ts';
import { openEmbeddedDatabase } from './embedded/database.ts';

/** The database that a command works on. */
export interface CommandDatabase {
  /** Whether it is the embedded one, which only processes of this machine work on. */
  embedded: boolean;
  db: Database;
  /** For other processes to reach it. Secret. */
  url: string;
  /** How to call it in front of the user: never the URL, which holds a password. */
  name: string;
  close(): Promise<void>;
}

type Connections = Omit<PostgresOptions, 'url' | 'schema'>;
type Where = Pick<Settings, 'databaseUrl' | 'dataDir' | 'schema'>;

/** Its connections share one backend: more of them wait for one another. */
const EMBEDDED_CONNECTIONS = 2;

/** Of connections to the embedded database: where PostgreSQL ends a connection, PGlite never stops computing. */
export const EMBEDDED_LIMITS = { idleInTransactionTimeoutMs: 0 } as const;

/** `EARSHOT_DATABASE_URL` or `DATABASE_URL`, else the embedded database. Its schema is as it is found. */
export async function connectCommandDatabase(
  { databaseUrl, dataDir, schema }: Where,
  options: Connections = { statementTimeoutMs: 0 },
): Promise<CommandDatabase> {
  // Before anything is opened that would keep the process alive.
  assertSchema(schema);
  if (databaseUrl !== undefined) {
    const db = openPostgres({ url: databaseUrl, schema, ...options });
    return { embedded: false, db, url: databaseUrl, name: databaseVariable(), close: () => db.close() };
  }
  const embedded = await openEmbeddedDatabase(resolve(dataDir));
  const { url } = embedded;
  const db = openPostgres({
    url,
    schema,
    ...options,
    ...EMBEDDED_LIMITS,
    maxConnections: EMBEDDED_CONNECTIONS,
  });
  return {
    embedded: true,
    db: acrossOwners(db, embedded),
    url,
    name: `the embedded database in ${dataDir}`,
    close: async () => {
      await db.close();
      await embedded.close();
    },
  };
}

/** @throws SettingError for a name that none can have. */
function assertSchema(name: string): void {
  try {
    schemaNamer(name);
  } catch (error) {
    throw new SettingError((error as Error).message);
  }
}

/** The same, with its schema brought up to date. */
export async function openCommandDatabase(settings: Where, options?: Connections): Promise<CommandDatabase> {
  const database = await connectCommandDatabase(settings, options);
  try {
    await migrate(database.db);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}
