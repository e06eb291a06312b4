import { after, before, describe } from 'node:test';
import type { Database } from '../../exporter/store/database.ts';
import { migrate } from '../../exporter/store/migrate.ts';
import { openPostgres } from '../../exporter/store/postgres.ts';
import { TestPglite } from './pglite.ts';
import { startPostgres } from './postgres.ts';

export interface TestDatabases {
  /** An empty database; closed after the last test. */
  empty(): Promise<Database>;
  /** A migrated one. */
  migrated(): Promise<Database>;
}

/** Declares the same tests for PostgreSQL and for PGlite in this process. Each test takes a database of its own. */
export function onEachDatabase(declare: (databases: TestDatabases) => void): void {
  describe('on PostgreSQL', () => {
    let server: Awaited<ReturnType<typeof startPostgres>>;
    before(async () => {
      server = await startPostgres();
    });
    declareFor(
      async () => openPostgres({ url: await server.createDatabase() }),
      () => server.stop(),
      declare,
    );
  });
  describe('on PGlite', () => {
    let pglite: TestPglite;
    before(async () => {
      pglite = await TestPglite.start();
    });
    declareFor(
      () => pglite.createDatabase(),
      () => pglite.stop(),
      declare,
    );
  });
}

function declareFor(
  create: () => Promise<Database>,
  stop: () => Promise<void>,
  declare: (databases: TestDatabases) => void,
): void {
  const open: Database[] = [];
  after(async () => {
    await Promise.all(open.map((db) => db.close()));
    await stop();
  });
  const empty = async () => {
    const db = await create();
    open.push(db);
    return db;
  };
  declare({
    empty,
    migrated: async () => {
      const db = await empty();
      await migrate(db);
      return db;
    },
  });
}
