import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import pg from 'pg';
import { MIGRATIONS } from '../../../exporter/generated/migrations.ts';
import {
  getCallMetrics,
  Journal,
  migrate,
  openPostgres,
  Queue,
  useTenantKeys,
} from '../../../exporter/store/index.ts';
import { callFact, countTurns } from '../../support/call-rows.ts';
import { sharedPostgres } from '../../support/databases.ts';
import type { TestPostgres } from '../../support/postgres.ts';
import { TABLES } from '../../support/tables.ts';

const shared = sharedPostgres();
let server: TestPostgres;
const open: { end(): Promise<void> }[] = [];
before(async () => {
  server = await shared.running();
});
after(async () => {
  await Promise.all(open.map((each) => each.end()));
  await shared.leave();
});

/** A database, with a client as anybody else has it. */
async function database() {
  const url = await server.createDatabase();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  open.push(client);
  const connect = (schema?: string) => {
    const db = openPostgres({ url, ...(schema !== undefined && { schema }) });
    open.push({ end: () => db.close() });
    return db;
  };
  const tables = async () => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
         AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1`,
    );
    return rows.map(({ name }) => name);
  };
  return { client, connect, tables };
}

const inSchema = (schema: string) => TABLES.map((table) => `${schema}.${table}`);

it('all tables are in a schema of their own, which is made, beside an application with tables of the same names', async () => {
  const { client, connect, tables } = await database();
  await client.query('CREATE TABLE call_logs (id int); INSERT INTO call_logs VALUES (7)');
  const db = connect();
  await migrate(db);
  await new Journal(db, { finalizeDelayMs: 0 }).append([callFact('c')]);
  await new Queue(db, { finalize: countTurns, workerId: 'test' }).take();
  assert.ok(await getCallMetrics(db, 'c'));
  assert.deepEqual(await tables(), [...inSchema('earshot'), 'public.call_logs']);
  assert.deepEqual((await client.query('SELECT * FROM public.call_logs')).rows, [{ id: 7 }]);
});

it('another schema is chosen by its name; two of them do not know of each other', async () => {
  const { connect, tables } = await database();
  for (const schema of ['earshot', 'select', 'voice_2']) await migrate(connect(schema));
  assert.deepEqual(await tables(), ['earshot', 'select', 'voice_2'].flatMap(inSchema));
  await new Journal(connect('voice_2'), { finalizeDelayMs: 0 }).append([callFact('c')]);
  const [row] = await connect('earshot').query('SELECT count(*)::int AS spans FROM :schema.call_spans');
  assert.deepEqual(row, { spans: 0 });
});

it('a name that is none is refused, with what is expected', () => {
  for (const schema of ['', 'Earshot', 'a"b', 'a.b', 'x; DROP TABLE y'])
    assert.throws(
      () => openPostgres({ url: server.url, schema }),
      /EARSHOT_SCHEMA: saw .* expected lower-case letters/,
    );
});

it('tables that an earlier version made in public move into the schema, with their rows', async () => {
  const { client, connect, tables } = await database();
  const [first] = MIGRATIONS;
  assert.ok(first);
  await client.query(`CREATE TABLE earshot_migrations (id integer PRIMARY KEY, name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()); INSERT INTO earshot_migrations VALUES (1, '${first.name}')`);
  await client.query(first.sql);
  await client.query(`INSERT INTO call_queue (call_id, due_at, ended) VALUES ('c', now(), true)`);
  const db = connect();
  const { applied } = await migrate(db);
  assert.deepEqual(
    applied,
    MIGRATIONS.slice(1).map(({ name }) => name),
  );
  assert.deepEqual(await tables(), inSchema('earshot'));
  assert.equal((await new Queue(db, { finalize: countTurns, workerId: 'test' }).state()).waiting, 1);
});

it('no statement depends on the search path, and none is left changed on a connection', async () => {
  const { client, connect } = await database();
  const db = connect();
  await migrate(db);
  const [row] = await db.query<{ path: string }>(`SELECT current_setting('search_path') AS path`);
  assert.doesNotMatch(row?.path ?? '', /earshot/);
  await client.query('SET search_path = pg_catalog');
  assert.ok((await client.query('SELECT * FROM earshot.earshot_migrations')).rowCount);
});

it('who may use the journal of an earlier version may use it in partitions', async () => {
  const { client, connect } = await database();
  const db = connect();
  const before = MIGRATIONS.filter(({ name }) => name < '0008');
  await migrate(db, before);
  await useTenantKeys(db);
  await client.query(`CREATE ROLE journal_writer; CREATE ROLE journal_reader;
    GRANT INSERT, SELECT ON earshot.call_spans TO journal_writer WITH GRANT OPTION;
    GRANT SELECT (call_id, stage) ON earshot.call_spans TO journal_reader`);
  await migrate(db);
  const { rows } = await client.query(`\
SELECT has_table_privilege('journal_writer', 'earshot.call_spans', 'INSERT WITH GRANT OPTION') AS writes,
  has_column_privilege('journal_reader', 'earshot.call_spans', 'stage', 'SELECT') AS reads,
  has_column_privilege('journal_reader', 'earshot.call_spans', 'facts', 'SELECT') AS facts`);
  assert.deepEqual(rows, [{ writes: true, reads: true, facts: false }]);
});
