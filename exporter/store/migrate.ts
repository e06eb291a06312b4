import { MIGRATIONS } from '../generated/migrations.ts';
import { COMMENTS } from './comments.ts';
import type { Database, Queryable } from './database.ts';
import { SchemaError, withRetries } from './errors.ts';
import { partitionSmallJournal } from './partition-journal.ts';
import { FUNCTIONS } from './rollups/functions.ts';
import { useTenantKeys } from './tenant-keys.ts';

/** Any constant will do, as long as every version of earshot has the same. */
const LOCK = 'SELECT pg_advisory_xact_lock(1701868399)';

// Migrations name their tables without the schema. Local to the transaction: nothing of it stays on a pooled connection.
const INTO_SCHEMA = 'SET LOCAL search_path = :schema';

// Asked first: a role may be given the schema without the right to make one.
const HAS_SCHEMA = `SELECT to_regnamespace(':schema') IS NOT NULL AS present`;
const CREATE_SCHEMA = 'CREATE SCHEMA IF NOT EXISTS :schema';

const HAS_TABLE = `SELECT to_regclass(':schema.earshot_migrations') IS NOT NULL AS present`;
const CREATE_TABLE = `\
CREATE TABLE IF NOT EXISTS :schema.earshot_migrations (
  id         integer PRIMARY KEY,
  name       text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE :schema.earshot_migrations IS 'Migrations that this database has.';
COMMENT ON COLUMN :schema.earshot_migrations.id IS 'Number of the migration. Unit: ordinal';
COMMENT ON COLUMN :schema.earshot_migrations.name IS 'File of the migration. Unit: name';
COMMENT ON COLUMN :schema.earshot_migrations.applied_at IS 'When it was applied. Unit: instant'`;

/** Before it had a schema of its own, earshot had its tables in `public`. Others of these names are not touched. */
const HAS_OLD_TABLES = `SELECT to_regclass('public.earshot_migrations') IS NOT NULL AS present`;
const OLD_TABLES = ['earshot_migrations', 'call_spans', 'call_queue', 'call_logs', 'call_metrics'];
const MOVE_OLD_TABLES = OLD_TABLES.map(
  (table) => `ALTER TABLE IF EXISTS public.${table} SET SCHEMA :schema`,
).join('; ');

const APPLIED = 'SELECT id FROM :schema.earshot_migrations ORDER BY id';
const RECORD = 'INSERT INTO :schema.earshot_migrations (id, name) VALUES ($1, $2)';

export interface Migration {
  readonly id: number;
  readonly name: string;
  readonly sql: string;
}

export interface MigrationResult {
  /** Names of the migrations that this call applied, in order. */
  readonly applied: readonly string[];
  /** Number of the newest migration that the database has now. */
  readonly version: number;
}

/**
 * Brings the database to the newest schema; makes the PostgreSQL schema where it is missing, and moves tables of an earlier
 * version into it. Each migration has its own transaction; any number of processes may call this at once, and one of them
 * does the work. `migrations` is for tests. (Default: those of this version.)
 * @throws SchemaError when the database has a migration that this version does not know.
 */
export async function migrate(
  db: Database,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<MigrationResult> {
  const known = newest(migrations);
  const applied: string[] = [];
  const seen = await withRetries(() => db.transaction(prepare));
  assertKnown(seen, known);
  const present = new Set(seen);
  for (const migration of migrations) {
    if (seen.includes(migration.id)) continue;
    const done = await withRetries(() =>
      db.transaction(async (tx) => {
        await tx.query(LOCK);
        // Another process may have applied it while we waited for the lock.
        if ((await appliedIds(tx)).includes(migration.id)) return false;
        await tx.query(RECORD, [migration.id, migration.name]);
        await tx.query(INTO_SCHEMA);
        await tx.query(migration.sql);
        // The last of them that is missing: what follows needs all their columns.
        if (MIGRATIONS.every(({ id }) => id === migration.id || present.has(id))) {
          await tx.query(COMMENTS);
          await tx.query(FUNCTIONS);
        }
        return true;
      }),
    );
    if (done) applied.push(migration.name);
    present.add(migration.id);
  }
  // In a database that was empty no earlier version is at work.
  if (seen.length === 0 && migrations === MIGRATIONS) await useTenantKeys(db);
  if (migrations === MIGRATIONS) await withRetries(() => partitionSmallJournal(db)).catch(ignore);
  return { applied, version: known };
}

/** Makes the schema and the table of migrations. Gives the migrations that there are. */
async function prepare(tx: Queryable): Promise<readonly number[]> {
  await tx.query(LOCK);
  if (!(await isPresent(tx, HAS_SCHEMA))) await tx.query(CREATE_SCHEMA);
  if (!(await isPresent(tx, HAS_TABLE))) {
    const old = await isPresent(tx, HAS_OLD_TABLES);
    await tx.query(old ? MOVE_OLD_TABLES : CREATE_TABLE);
  }
  return appliedIds(tx);
}

/**
 * Says whether this version can work with the database, changing nothing.
 * @throws SchemaError when the schema is absent, older or newer.
 */
export async function checkSchema(db: Queryable): Promise<void> {
  const known = newest(MIGRATIONS);
  const seen = (await isPresent(db, HAS_TABLE)) ? await appliedIds(db) : [];
  assertKnown(seen, known);
  if (MIGRATIONS.every(({ id }) => seen.includes(id))) return;
  const version = seen.at(-1) ?? 0;
  throw new SchemaError(
    `The database has schema version ${version}, this version of earshot needs ${known}. Run \`earshot migrate\` first.`,
    version,
    known,
  );
}

/** The journal works as one table, too; the next process that starts tries again. */
const ignore = () => {};

const newest = (migrations: readonly Migration[]) => migrations.at(-1)?.id ?? 0;

async function isPresent(db: Queryable, question: string): Promise<boolean> {
  const [row] = await db.query<{ present: boolean }>(question);
  return row?.present === true;
}

const appliedIds = async (db: Queryable): Promise<readonly number[]> =>
  (await db.query<{ id: number }>(APPLIED)).map(({ id }) => id);

function assertKnown(applied: readonly number[], known: number): void {
  const seen = applied.at(-1) ?? 0;
  if (seen <= known) return;
  throw new SchemaError(
    `The database has schema version ${seen}, this version of earshot knows up to ${known}. A newer earshot migrated it: ` +
      'upgrade earshot here to the same version, or use another database.',
    seen,
    known,
  );
}
