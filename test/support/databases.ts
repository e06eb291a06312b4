import { after, afterEach, before, beforeEach, describe } from 'node:test';
import { type Database, DEFAULT_SCHEMA } from '../../exporter/store/database.ts';
import { openPostgres } from '../../exporter/store/postgres.ts';
import { MigratedSchema } from './migrated-schema.ts';
import { TestPglite } from './pglite.ts';
import { startPostgres, type TestPostgres } from './postgres.ts';

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

/** What a file declares that tests on the PostgreSQL of this process, and leaves it as it found it but for databases. */
export function sharedPostgres(): { running(): Promise<TestPostgres>; leave(): Promise<void> } {
  postgres.declareUser();
  return postgres;
}

/** A migrated database, which the next test has again when it has been given back. */
interface Lent {
  readonly db: Database;
  giveBack(): void;
}

interface Engine {
  readonly server: { declareUser(): void; running(): Promise<unknown>; leave(): Promise<void> };
  empty(): Promise<Database>;
  migrated(): Promise<Lent>;
  rounds(all: number): number;
}

/** Declares the same tests for PostgreSQL and for PGlite in this process. Each test takes a database of its own. */
export function onEachDatabase(declare: (databases: TestDatabases) => void): void {
  describe('on PostgreSQL', () => {
    declareFor(
      {
        server: postgres,
        empty: async () => openPostgres({ url: await (await postgres.running()).createDatabase() }),
        migrated: lentByPostgres(),
        rounds: (all) => all,
      },
      declare,
    );
  });
  describe('on PGlite', () => {
    declareFor(
      {
        server: pglite,
        empty: async () => (await pglite.running()).createDatabase(),
        migrated: async () => (await pglite.running()).createMigrated(),
        rounds: (all) => Math.ceil(all / 3),
      },
      declare,
    );
  });
}

/** To empty a database takes a quarter of the time of a new one, and its connections know its tables. */
function lentByPostgres(): () => Promise<Lent> {
  const free: { db: Database; schema: MigratedSchema }[] = [];
  const lent = (used: { db: Database; schema: MigratedSchema }): Lent => ({
    db: used.db,
    giveBack: () => void free.push(used),
  });
  return async () => {
    for (let used = free.pop(); used !== undefined; used = free.pop()) {
      // A test may have closed it, or changed more than rows.
      if (await used.schema.empty(used.db).catch(() => false)) return lent(used);
    }
    const db = openPostgres({ url: await (await postgres.running()).createMigrated() });
    return lent({ db, schema: await MigratedSchema.of(db, DEFAULT_SCHEMA) });
  };
}

function declareFor(engine: Engine, declare: (databases: TestDatabases) => void): void {
  engine.server.declareUser();
  before(() => engine.server.running());
  const open = new Set<Database>();
  after(async () => {
    await Promise.all([...open].map((db) => db.close()));
    await engine.server.leave();
  });
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
  declare({
    empty: async () => {
      const db = await engine.empty();
      open.add(db);
      return db;
    },
    migrated: async () => {
      for (const giveBack of ended) giveBack();
      ended = [];
      const { db, giveBack } = await engine.migrated();
      open.add(db);
      // Of a hook: it is for several tests.
      if (inTest) used.push(giveBack);
      return db;
    },
    rounds: engine.rounds,
  });
}
