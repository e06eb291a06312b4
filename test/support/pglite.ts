import { PGlite, type Transaction } from '@electric-sql/pglite';
import type { Database, Queryable } from '../../exporter/store/database.ts';

/** One PGlite in this process, in memory; each database is a schema of its own. One after the other, not at once. */
export class TestPglite {
  readonly #pglite: PGlite;
  #schemas = 0;

  private constructor(pglite: PGlite) {
    this.#pglite = pglite;
  }

  static async start(): Promise<TestPglite> {
    return new TestPglite(await PGlite.create());
  }

  /** A new, empty schema, which all statements go to from now on. */
  async createDatabase(): Promise<Database> {
    this.#schemas += 1;
    const schema = `test_${this.#schemas}`;
    await this.#pglite.exec(`CREATE SCHEMA ${schema}; SET search_path = ${schema}`);
    const pglite = this.#pglite;
    return {
      ...queryable(pglite),
      transaction: (work) => pglite.transaction((tx) => work(queryable(tx))),
      close: async () => {},
    };
  }

  async stop(): Promise<void> {
    await this.#pglite.close();
  }
}

const queryable = (target: PGlite | Transaction): Queryable => ({
  query: async <Row>(text: string, params?: readonly unknown[]) => {
    if (params !== undefined) return (await target.query<Row>(text, [...params])).rows;
    const results = await target.exec(text);
    return (results.at(-1)?.rows ?? []) as Row[];
  },
});
