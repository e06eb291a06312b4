import { resolve } from 'node:path';
import { checkSchema, openPostgres } from '../exporter/store/index.ts';
import { databaseVariable, type Settings } from '../model/settings.ts';
import { type CommandDatabase, openCommandDatabase } from './database.ts';

const STATEMENT_TIMEOUT_MS = 15_000;
const MAX_CONNECTIONS = 4;

/** A database of one's own is only read, by a role that may do no more; the embedded one is brought up to date. */
export async function openReadingDatabase(settings: Settings): Promise<CommandDatabase> {
  const { databaseUrl: url, schema, dataDir } = settings;
  if (url === undefined) return openCommandDatabase({ ...settings, dataDir: resolve(dataDir) });
  const db = openPostgres({
    url,
    schema,
    readOnly: true,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    maxConnections: MAX_CONNECTIONS,
  });
  const close = () => db.close();
  try {
    await checkSchema(db);
  } catch (error) {
    await close();
    throw error;
  }
  return { embedded: false, db, url, name: databaseVariable(), close };
}
