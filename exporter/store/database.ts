/**
 * What the store needs of a database driver, and no more: `postgres.ts` implements it on `pg`. Types of results are the
 * driver's own; statements cast what drivers parse differently (`int8`, `numeric`, instants).
 */
export interface Queryable {
  /**
   * Runs a statement and gives its rows. Without `params` the text may hold several statements; the rows are then the
   * last one's.
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
