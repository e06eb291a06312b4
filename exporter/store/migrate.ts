import { MIGRATIONS } from '../generated/migrations.ts';
import { COMMENTS } from './comments.ts';
import type { Database, Queryable } from './database.ts';
import { SchemaError, withRetries } from './errors.ts';

/** Any constant will do, as long as every version of earshot has the same. */
const LOCK = 'SELECT pg_advisory_xact_lock(1701868399)';

const CREATE_TABLE = `\
CREATE TABLE IF NOT EXISTS earshot_migrations (
  id         integer PRIMARY KEY,
  name       text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE earshot_migrations IS 'Migrations that this database has.';
COMMENT ON COLUMN earshot_migrations.id IS 'Number of the migration. Unit: ordinal';
COMMENT ON COLUMN earshot_migrations.name IS 'File of the migration. Unit: name';
COMMENT ON COLUMN earshot_migrations.applied_at IS 'When it was applied. Unit: instant'`;

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
 * Brings the database to the newest schema. Each migration has its own transaction; any number of processes may call
 * this at once, and one of them does the work. `migrations` is for tests. (Default: those of this version.)
 * @throws SchemaError when the database has a migration that this version does not know.
 */
export async function migrate(
  db: Database,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<MigrationResult> {
  const known = newest(migrations);
  const applied: string[] = [];
  const seen = await withRetries(() =>
    db.transaction(async (tx) => {
      await tx.query(LOCK);
      if (!(await hasTable(tx))) await tx.query(CREATE_TABLE);
      return version(tx);
    }),
  );
  assertKnown(seen, known);
  for (const migration of migrations) {
    if (migration.id <= seen) continue;
    const done = await withRetries(() =>
      db.transaction(async (tx) => {
        await tx.query(LOCK);
        // Another process may have applied it while we waited for the lock.
        if ((await version(tx)) >= migration.id) return false;
        await tx.query('INSERT INTO earshot_migrations (id, name) VALUES ($1, $2)', [
          migration.id,
          migration.name,
        ]);
        await tx.query(migration.sql);
        if (migration === MIGRATIONS.at(-1)) await tx.query(COMMENTS);
        return true;
      }),
    );
    if (done) applied.push(migration.name);
  }
  return { applied, version: known };
}

/**
 * Says whether this version can work with the database, changing nothing.
 * @throws SchemaError when the schema is absent, older or newer.
 */
export async function checkSchema(db: Queryable): Promise<void> {
  const known = newest(MIGRATIONS);
  const seen = (await hasTable(db)) ? await version(db) : 0;
  assertKnown(seen, known);
  if (seen < known) {
    throw new SchemaError(
      `The database has schema version ${seen}, this version of earshot needs ${known}. Run \`earshot migrate\` first.`,
      seen,
      known,
    );
  }
}

const newest = (migrations: readonly Migration[]) => migrations.at(-1)?.id ?? 0;

async function hasTable(db: Queryable): Promise<boolean> {
  const [row] = await db.query<{ present: boolean }>(
    `SELECT to_regclass('earshot_migrations') IS NOT NULL AS present`,
  );
  return row?.present === true;
}

async function version(db: Queryable): Promise<number> {
  const [row] = await db.query<{ id: number }>(
    'SELECT coalesce(max(id), 0)::int AS id FROM earshot_migrations',
  );
  return row?.id ?? 0;
}

function assertKnown(seen: number, known: number): void {
  if (seen <= known) return;
  throw new SchemaError(
    `The database has schema version ${seen}, this version of earshot knows up to ${known}. A newer earshot migrated it: ` +
      'upgrade earshot here to the same version, or use another database.',
    seen,
    known,
  );
}
