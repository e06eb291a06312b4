import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import { type Database, type Queryable, schemaNamer } from '../../exporter/store/database.ts';
import { runFolder } from './run-folder.ts';

/** One PGlite in this process, in memory; each database is a schema of its own. One after the other, not at once. */
export class TestPglite {
  readonly #pglite: PGlite;
  #schemas = 0;

  private constructor(pglite: PGlite) {
    this.#pglite = pglite;
  }

  static async start(): Promise<TestPglite> {
    const shared = runFolder();
    if (shared === undefined) return new TestPglite(await PGlite.create());
    // A new one runs initdb, which takes five times as long as a copy.
    const template = join(shared, 'pglite-data.tar');
    const data = await readFile(template).catch(() => undefined);
    if (data !== undefined) return new TestPglite(await PGlite.create({ loadDataDir: new Blob([data]) }));
    const pglite = await PGlite.create();
    const dump = await pglite.dumpDataDir('none');
    // Files that begin at the same time each bring one; the name only ever leads to a whole one.
    await writeFile(`${template}-${process.pid}`, dump.stream());
    await rename(`${template}-${process.pid}`, template);
    return new TestPglite(pglite);
  }

  /** A database of its own, as a schema that there is not yet. */
  async createDatabase(): Promise<Database> {
    this.#schemas += 1;
    const schema = `test_${this.#schemas}`;
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
