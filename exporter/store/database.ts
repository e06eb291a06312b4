/**
 * What the store needs of a database driver, and no more: `postgres.ts` implements it on `pg`. Types of results are the
 * driver's own; statements cast what drivers parse differently (`int8`, `numeric`, instants).
 */
export interface Queryable {
  /**
   * Runs a statement and gives its rows. Without `params` the text may hold several statements; the rows are then the
   * last one's. `:schema` in the text stands for the PostgreSQL schema of the tables, as in `:schema.call_logs`: no
   * statement depends on the connection's `search_path`.
   */
  query<Row = Record<string, unknown>>(text: string, params?: readonly unknown[]): Promise<Row[]>;
}

/** A PostgreSQL 14+ database, reached through a pool or in process. */
export interface Database extends Queryable {
  /**
   * Runs `work` in one transaction at READ COMMITTED. Commits when it resolves; rolls back whole, and rejects with the
   * same error, when it rejects.
   */
  transaction<Result>(work: (tx: Queryable) => Promise<Result>): Promise<Result>;
  /** Ends all connections. Safe to call twice. */
  close(): Promise<void>;
}

/** The PostgreSQL schema of the tables, unless another is chosen. */
export const DEFAULT_SCHEMA = 'earshot';

/**
 * Makes the function that puts the schema's name into statements.
 * @throws TypeError for a name that is not lower-case letters, digits and underscores.
 */
export function schemaNamer(schema: string): (text: string) => string {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw new TypeError(
      `EARSHOT_SCHEMA: saw ${JSON.stringify(schema)}, expected lower-case letters, digits and _.`,
    );
  }
  return (text) => text.replaceAll(':schema', `"${schema}"`);
}
