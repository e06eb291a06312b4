import type { Database, Queryable } from '../../exporter/store/database.ts';

const TABLES = `SELECT relname AS name, relispartition AS partition FROM pg_class
WHERE relnamespace = ':schema'::regnamespace AND relkind = 'r' ORDER BY relname`;

/** All that migrations make, but for rows: which table, column, index, constraint, trigger and function is the same one. */
const SHAPE = `SELECT md5(string_agg(line, ' ' ORDER BY line)) AS shape FROM (
  SELECT concat_ws(' ', c.oid, relname, relkind, reloptions) AS line FROM pg_class c WHERE relnamespace = ':schema'::regnamespace
  UNION ALL SELECT concat_ws(' ', attrelid, attnum, a.xmin) FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
    WHERE relnamespace = ':schema'::regnamespace AND attnum > 0
  UNION ALL SELECT concat_ws(' ', indexrelid, indisvalid) FROM pg_index JOIN pg_class c ON c.oid = indrelid
    WHERE relnamespace = ':schema'::regnamespace
  UNION ALL SELECT concat_ws(' ', oid, xmin) FROM pg_constraint WHERE connamespace = ':schema'::regnamespace
  UNION ALL SELECT concat_ws(' ', t.oid, t.xmin) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
    WHERE relnamespace = ':schema'::regnamespace
  UNION ALL SELECT concat_ws(' ', oid, xmin) FROM pg_proc WHERE pronamespace = ':schema'::regnamespace
) AS lines`;

/** A schema as migrations have made it, which can be made so again after a test has written to it. */
export class MigratedSchema {
  readonly name: string;
  readonly #shape: string;
  readonly #tables: readonly string[];
  /** Rows that migrations write, by table, as JSON. */
  readonly #rows: ReadonlyMap<string, string>;

  private constructor(
    name: string,
    shape: string,
    tables: readonly string[],
    rows: ReadonlyMap<string, string>,
  ) {
    this.name = name;
    this.#shape = shape;
    this.#tables = tables;
    this.#rows = rows;
  }

  /** Of a database that has just been migrated. */
  static async of(db: Database, name: string): Promise<MigratedSchema> {
    const tables = (await db.query<{ name: string }>(TABLES)).map(({ name }) => name);
    const rows = new Map<string, string>();
    for (const table of await filled(db, tables)) {
      const [all] = await db.query<{ json: string }>(
        `SELECT json_agg(t)::text AS json FROM :schema.${table} t`,
      );
      rows.set(table, all?.json ?? '[]');
    }
    return new MigratedSchema(name, await shapeOf(db), tables, rows);
  }

  /** Removes what tests have written. False, and all is left: they have changed more than rows and days of the journal. */
  empty(db: Database): Promise<boolean> {
    return db.transaction(async (tx) => {
      const found = await tx.query<{ name: string; partition: boolean }>(TABLES);
      const days = found.filter(({ name, partition }) => partition && !this.#tables.includes(name));
      for (const { name } of days) await tx.query(`DROP TABLE :schema.${name}`);
      if ((await shapeOf(tx)) !== this.#shape) return false;
      const full = await filled(tx, this.#tables);
      if (full.length === 0) return true;
      // No trigger takes part.
      await tx.query('SET LOCAL session_replication_role = replica');
      await tx.query(`TRUNCATE ${full.map((table) => `ONLY :schema.${table}`).join(', ')} RESTART IDENTITY`);
      for (const [table, json] of this.#rows)
        await tx.query(
          `INSERT INTO :schema.${table} SELECT * FROM json_populate_recordset(CAST(NULL AS :schema.${table}), $1)`,
          [json],
        );
      return true;
    });
  }
}

async function shapeOf(db: Queryable): Promise<string> {
  const [row] = await db.query<{ shape: string }>(SHAPE);
  return row?.shape ?? '';
}

/** Those of the tables that have rows. */
async function filled(db: Queryable, tables: readonly string[]): Promise<readonly string[]> {
  const questions = tables.map(
    (name) => `SELECT '${name}' AS name WHERE EXISTS (SELECT FROM :schema.${name})`,
  );
  return (await db.query<{ name: string }>(questions.join(' UNION ALL '))).map(({ name }) => name);
}
