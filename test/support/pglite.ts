import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import { type Database, type Queryable, schemaNamer } from '../../exporter/store/database.ts';
import { migrate } from '../../exporter/store/migrate.ts';
import { MigratedSchema } from './migrated-schema.ts';
import { madeOnce } from './postgres/once.ts';
import { runFolder } from './run-folder.ts';

/** The files of an empty PGlite, as a tar that this test run has once: to make them takes five times as long as to read them. */
async function dataOf(runFolder: string, onMade: (pglite: PGlite) => void): Promise<string> {
  const made = await madeOnce(
    runFolder,
    { what: 'pglite-data', key: 'empty', account: undefined },
    async (folder) => {
      const pglite = await PGlite.create();
      const dump = await pglite.dumpDataDir('none');
      await writeFile(join(folder, 'data.tar'), dump.stream());
      onMade(pglite);
    },
  );
  return join(made, 'data.tar');
}

/** Puts the files of an empty database into a folder, which PGlite then opens. Elsewhere than in a test run it makes them itself. */
export async function fillPgliteFolder(folder: string): Promise<void> {
  const shared = runFolder();
  if (shared === undefined) return;
  let made: PGlite | undefined;
  const data = await dataOf(shared, (own) => {
    made = own;
  });
  await made?.close();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await promisify(execFile)('tar', ['-xf', data, '-C', folder]);
}

/** One PGlite in this process, in memory; each database is a schema of its own. One after the other, not at once. */
export class TestPglite {
  readonly #pglite: PGlite;
  #schemas = 0;
  /** Those of tests that have ended. */
  readonly #free: MigratedSchema[] = [];

  private constructor(pglite: PGlite) {
    this.#pglite = pglite;
  }

  static async start(): Promise<TestPglite> {
    const shared = runFolder();
    if (shared === undefined) return new TestPglite(await PGlite.create());
    let own: PGlite | undefined;
    const data = await dataOf(shared, (made) => {
      own = made;
    });
    return new TestPglite(own ?? (await PGlite.create({ loadDataDir: new Blob([await readFile(data)]) })));
  }

  /** A database of its own, as a schema that there is not yet. */
  async createDatabase(): Promise<Database> {
    return this.#database(this.#nextName());
  }

  /**
   * A database with the newest schema. One that has been given back is emptied, which takes a fifth of the time of the
   * migrations, unless the test has changed more than rows.
   */
  async createMigrated(): Promise<{ db: Database; giveBack: () => void }> {
    for (let used = this.#free.pop(); used !== undefined; used = this.#free.pop()) {
      const schema = used;
      const db = this.#database(schema.name);
      if (await schema.empty(db)) return { db, giveBack: () => void this.#free.push(schema) };
    }
    const name = this.#nextName();
    const db = this.#database(name);
    await migrate(db);
    const schema = await MigratedSchema.of(db, name);
    return { db, giveBack: () => void this.#free.push(schema) };
  }

  #nextName(): string {
    this.#schemas += 1;
    return `test_${this.#schemas}`;
  }

  #database(schema: string): Database {
    const pglite = this.#pglite;
    const named = schemaNamer(schema);
    return {
      ...queryable(pglite, named),
      transaction: (work) => pglite.transaction((tx) => work(queryable(tx, named))),
      close: async () => {},
    };
  }

  async stop(): Promise<void> {
    await this.#pglite.close();
  }
}

const queryable = (target: PGlite | Transaction, named: (text: string) => string): Queryable => ({
  query: async <Row>(text: string, params?: readonly unknown[]) => {
    if (params !== undefined) return (await target.query<Row>(named(text), [...params])).rows;
    const results = await target.exec(named(text));
    return (results.at(-1)?.rows ?? []) as Row[];
  },
});
