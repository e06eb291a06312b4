import { resolve } from 'node:path';
import { type Database, lastingProblem, migrate, openPostgres } from '../exporter/store/index.ts';
import { databaseVariable, type Settings } from '../model/settings.ts';
import { CommandError } from './command.ts';
import { openEmbeddedDatabase } from './embedded-database.ts';

/** The database that a command works on. */
export interface CommandDatabase {
  /** Whether it is the embedded one, which no other process works on. */
  embedded: boolean;
  db: Database;
  /** For other processes to reach it. Secret. */
  url: string;
  /** How to call it in front of the user: never the URL, which holds a password. */
  name: string;
  close(): Promise<void>;
}

/** `EARSHOT_DATABASE_URL` or `DATABASE_URL`, else the embedded database. Its schema is brought up to date. */
export async function openCommandDatabase({
  databaseUrl,
  dataDir,
  schema,
}: Settings): Promise<CommandDatabase> {
  const embedded = databaseUrl === undefined ? await openEmbeddedDatabase(resolve(dataDir)) : undefined;
  const url = databaseUrl ?? embedded?.url ?? '';
  const db = openPostgres({ url, schema, statementTimeoutMs: 0, ...(embedded && { maxConnections: 2 }) });
  const close = async () => {
    await db.close();
    await embedded?.close();
  };
  try {
    await migrate(db);
  } catch (error) {
    await close();
    const problem = embedded === undefined ? lastingProblem(error) : undefined;
    if (problem !== undefined) throw new CommandError(`${databaseVariable()}: ${problem}`, { cause: error });
    throw error;
  }
  return {
    embedded: embedded !== undefined,
    db,
    url,
    name: embedded ? `the embedded database in ${dataDir}` : 'EARSHOT_DATABASE_URL',
    close,
  };
}
