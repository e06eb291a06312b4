import { after, afterEach, before, beforeEach, describe } from 'node:test';
import type { Database } from '../../exporter/store/database.ts';
import { openPostgres } from '../../exporter/store/postgres.ts';
import { TestPglite } from './pglite.ts';
import { startPostgres } from './postgres.ts';

export interface TestDatabases {
  /** An empty database; closed after the last test. */
  empty(): Promise<Database>;
  /** A migrated one. */
  migrated(): Promise<Database>;
  /** How many of so many rounds of a property: all on PostgreSQL, a third on PGlite, where a statement costs ten times as much. */
  rounds(all: number): number;
}

/** One server for all suites of this process that declared to use it; it stops after the last of them. */
class SharedServer<Server extends { stop(): Promise<void> }> {
  readonly #start: () => Promise<Server>;
  #running: Promise<Server> | undefined;
  #users = 0;

  constructor(start: () => Promise<Server>) {
    this.#start = start;
  }

  declareUser(): void {
    this.#users += 1;
  }

  running(): Promise<Server> {
    this.#running ??= this.#start();
    return this.#running;
  }

  async leave(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    const last = this.#running;
    this.#running = undefined;
    await (await last)?.stop();
  }
}

const postgres = new SharedServer(() => startPostgres());
const pglite = new SharedServer(() => TestPglite.start());

/** Declares the same tests for PostgreSQL and for PGlite in this process. Each test takes a database of its own. */
export function onEachDatabase(declare: (databases: TestDatabases) => void): void {
  describe('on PostgreSQL', () => {
    declareFor(
      postgres,
      {
        empty: async () => openPostgres({ url: await (await postgres.running()).createDatabase() }),
        migrated: async () => openPostgres({ url: await (await postgres.running()).createMigrated() }),
        rounds: (all) => all,
      },
      declare,
    );
  });
  describe('on PGlite', () => {
    let inTest = false;
    beforeEach(() => {
      inTest = true;
    });
    // Given back when the next one asks: what a test has started may end after this.
    let ended: (() => void)[] = [];
    let used: (() => void)[] = [];
    afterEach(() => {
      inTest = false;
      ended.push(...used);
      used = [];
    });
    const empty = async () => (await pglite.running()).createDatabase();
    const migrated = async () => {
      for (const giveBack of ended) giveBack();
      ended = [];
      const { db, giveBack } = await (await pglite.running()).createMigrated();
      // Of a hook: it is for several tests.
      if (inTest) used.push(giveBack);
      return db;
    };
    declareFor(pglite, { empty, migrated, rounds: (all) => Math.ceil(all / 3) }, declare);
  });
}

function declareFor(
  server: { declareUser(): void; running(): Promise<unknown>; leave(): Promise<void> },
  create: TestDatabases,
  declare: (databases: TestDatabases) => void,
): void {
  server.declareUser();
  before(() => server.running());
  const open: Database[] = [];
  after(async () => {
    await Promise.all(open.map((db) => db.close()));
    await server.leave();
  });
  const kept = async (creating: Promise<Database>) => {
    const db = await creating;
    open.push(db);
    return db;
  };
  declare({ ...create, empty: () => kept(create.empty()), migrated: () => kept(create.migrated()) });
}
