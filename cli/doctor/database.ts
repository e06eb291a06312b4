import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  checkSchema,
  type Database,
  errorClass,
  lastingProblem,
  SchemaError,
} from '../../exporter/store/index.ts';
import { databaseVariable, type Settings } from '../../model/settings.ts';
import { CommandError } from '../command.ts';
import { type CommandDatabase, connectCommandDatabase } from '../database.ts';
import { NOTHING_ANSWERS } from '../database-problem.ts';
import { missingPackages } from '../missing.ts';
import type { Finding } from './finding.ts';

const CONNECT_TIMEOUT_MS = 5_000;
/** Between two clocks; a call's own instants are of one, so that this is no loss. */
const MAX_SKEW_MS = 1_000;

/** The database that is set, or the embedded one: whether it answers, has our tables, and what time it has. */
export async function databaseFindings(settings: Settings): Promise<Finding[]> {
  const { databaseUrl, dataDir } = settings;
  if (databaseUrl === undefined && !existsSync(resolve(dataDir, 'postgres'))) return [noDatabase(dataDir)];
  let database: CommandDatabase | undefined;
  try {
    const limits = { connectTimeoutMs: CONNECT_TIMEOUT_MS, statementTimeoutMs: CONNECT_TIMEOUT_MS };
    database = await connectCommandDatabase(settings, limits);
    const { db, embedded, name } = database;
    const version = await serverVersion(db);
    return [
      await schemaFinding(db, `${embedded ? name : databaseVariable()}, PostgreSQL ${version}`),
      ...(embedded ? [] : [await clockFinding(db)]),
    ];
  } catch (error) {
    const name = databaseUrl === undefined ? `the embedded database in ${dataDir}` : databaseVariable();
    const text = `${name} cannot be used (${errorClass(error)})`;
    return [{ name: 'database', status: 'fail', text, cure: cureOf(error) }];
  } finally {
    await database?.close().catch(() => {});
  }
}

/** Never an error of the driver as it is, which can quote what is secret. */
function cureOf(error: unknown): string {
  if (error instanceof CommandError) return error.message;
  return lastingProblem(error) ?? `${NOTHING_ANSWERS}.`;
}

function noDatabase(dataDir: string): Finding {
  const missing = missingPackages('database');
  const text = 'EARSHOT_DATABASE_URL is not set: an agent by itself writes no rows';
  if (missing === undefined)
    return {
      name: 'database',
      status: 'ok',
      text: `${text}; earshot watch makes one in ${dataDir}`,
    };
  return { name: 'database', status: 'warn', text, cure: `Set it, or for earshot watch: ${missing}` };
}

async function serverVersion(db: Database): Promise<string> {
  const [row] = await db.query<{ server_version: string }>('SHOW server_version');
  return row?.server_version.split(' ')[0] ?? '';
}

async function schemaFinding(db: Database, text: string): Promise<Finding> {
  const name = 'database';
  try {
    await checkSchema(db);
    return { name, status: 'ok', text };
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    if (error.seenVersion > error.knownVersion)
      return { name, status: 'fail', text: `${text}, of a newer earshot`, cure: error.message };
    const seen = error.seenVersion === 0 ? 'without tables yet' : `with schema ${error.seenVersion}`;
    return {
      name,
      status: 'warn',
      text: `${text}, ${seen}`,
      cure: 'Agents make them when they start, where they may. Else: earshot migrate',
    };
  }
}

async function clockFinding(db: Database): Promise<Finding> {
  const before = Date.now();
  const [row] = await db.query<{ ms: number }>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::double precision AS ms',
  );
  const after = Date.now();
  // The answer was written somewhere between.
  const skewMs = Math.max(0, before - (row?.ms ?? before), (row?.ms ?? after) - after);
  const text = `${Math.round(skewMs)} ms from the database's`;
  if (skewMs <= MAX_SKEW_MS) return { name: 'clock', status: 'ok', text };
  return { name: 'clock', status: 'warn', text, cure: 'Have both set by NTP.' };
}
