import type { Database } from './database.ts';
import { errorCode } from './errors.ts';
import { migrate } from './migrate.ts';

/** undefined_table, invalid_schema_name; undefined_column, where another has made the tables again and not yet altered them. */
const GONE: ReadonlySet<string | undefined> = new Set(['42P01', '3F000', '42703']);

/**
 * The database, which is migrated again when its tables are gone: it was emptied, or replaced by another one, while this
 * process ran. The statement, or the whole transaction, is then run once more.
 */
export function migratingAgain(db: Database): Database {
  let migrating: Promise<unknown> | undefined;
  const withTables = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      if (!GONE.has(errorCode(error))) throw error;
      migrating ??= migrate(db).finally(() => {
        migrating = undefined;
      });
      await migrating;
      return work();
    }
  };
  return {
    query: (text, params) => withTables(() => db.query(text, params)),
    transaction: (work) => withTables(() => db.transaction(work)),
    close: () => db.close(),
  };
}
