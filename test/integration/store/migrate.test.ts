import assert from 'node:assert/strict';
import { it } from 'node:test';
import { MIGRATIONS } from '../../../exporter/generated/migrations.ts';
import { CALL_LOGS, CALL_SPANS, type Columns, STORED_METRICS } from '../../../exporter/store/columns.ts';
import { checkSchema, type Database, migrate, SchemaError } from '../../../exporter/store/index.ts';
import { describeColumn, EXTENT_COLUMNS, ROW_TABLES, type Column as RowColumn } from '../../../model/rows.ts';
import { onEachDatabase } from '../../support/databases.ts';
import { TABLES } from '../../support/tables.ts';

const NAMES = MIGRATIONS.map(({ name }) => name);
const NEWEST = MIGRATIONS.at(-1)?.id;

interface Column {
  table_name: string;
  column_name: string;
  type: string;
  comment: string | null;
  required: boolean;
}

const readColumns = (db: Database) =>
  db.query<Column>(`\
SELECT c.relname AS table_name, a.attname AS column_name, format_type(a.atttypid, a.atttypmod) AS type,
  col_description(a.attrelid, a.attnum) AS comment, a.attnotnull AS required
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = ':schema'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum`);

const tableNames = async (db: Database) => [
  ...new Set((await readColumns(db)).map((column) => column.table_name)),
];

onEachDatabase((databases) => {
  it('a first migration installs the tables; a second is safe', async () => {
    const db = await databases.empty();
    const first = await migrate(db);
    assert.deepEqual(first.applied, NAMES);
    const before = await readColumns(db);
    assert.deepEqual(await migrate(db), { applied: [], version: first.version });
    assert.deepEqual(await readColumns(db), before);
    assert.deepEqual((await tableNames(db)).sort(), TABLES);
    await checkSchema(db);
  });

  it('of eight programs that migrate at once, one applies each migration, and all succeed', async () => {
    const db = await databases.empty();
    const results = await Promise.all(Array.from({ length: 8 }, () => migrate(db)));
    assert.deepEqual(results.flatMap((result) => result.applied).sort(), NAMES);
  });

  it('an older program refuses a newer schema, says both versions, and changes nothing', async () => {
    const db = await databases.migrated();
    await db.query(`INSERT INTO :schema.earshot_migrations (id, name) VALUES (9000, '9000_later')`);
    const before = await readColumns(db);
    for (const refuses of [migrate, checkSchema]) {
      await assert.rejects(refuses(db), (error) => {
        assert.ok(error instanceof SchemaError);
        assert.equal(error.seenVersion, 9000);
        assert.equal(error.knownVersion, NEWEST);
        assert.match(error.message, new RegExp(`version 9000.*up to ${NEWEST}.*upgrade earshot`, 'i'));
        return true;
      });
    }
    assert.deepEqual(await readColumns(db), before);
  });

  it('a database that was never migrated is told apart, with what to do', async () => {
    const db = await databases.empty();
    await assert.rejects(checkSchema(db), new RegExp(`schema version 0.*needs ${NEWEST}.*earshot migrate`));
  });

  it('a migration that fails leaves those before it and nothing of itself', async () => {
    const db = await databases.empty();
    const good = { id: 1, name: '0001_good', sql: 'CREATE TABLE good (id int)' };
    const bad = { id: 2, name: '0002_bad', sql: 'CREATE TABLE half (id int); SELECT 1/0' };
    await assert.rejects(migrate(db, [good, bad]), { code: '22012' });
    assert.deepEqual((await tableNames(db)).sort(), ['earshot_migrations', 'good']);
    const fixed = { ...bad, sql: 'CREATE TABLE half (id int)' };
    assert.deepEqual((await migrate(db, [good, fixed])).applied, ['0002_bad']);
  });

  it('the column lists are the columns of the tables, with their types', async () => {
    const columns = await readColumns(await databases.migrated());
    const typesOf = (table: string, databaseOwn: string[]) =>
      Object.fromEntries(
        columns
          .filter((column) => column.table_name === table && !databaseOwn.includes(column.column_name))
          .map((column) => [
            column.column_name,
            column.type.replace('timestamp with time zone', 'timestamptz'),
          ]),
      );
    const expected: [string, Columns, string[]][] = [
      ['call_spans', CALL_SPANS, ['recorded_at']],
      ['call_logs', CALL_LOGS, []],
      ['call_metrics', STORED_METRICS, Object.keys(EXTENT_COLUMNS)],
    ];
    for (const [table, list, databaseOwn] of expected)
      assert.deepEqual(typesOf(table, databaseOwn), { ...list });
  });

  it('a column of a row has the comment and the NOT NULL that model/rows.ts says', async () => {
    const columns = await readColumns(await databases.migrated());
    for (const [table, expected] of Object.entries<Readonly<Record<string, RowColumn>>>(ROW_TABLES)) {
      const found = columns.filter(({ table_name }) => table_name === table);
      assert.deepEqual(
        Object.fromEntries(
          found.map(({ column_name, comment, required }) => [column_name, { comment, required }]),
        ),
        Object.fromEntries(
          Object.entries(expected).map(([name, column]) => [
            name,
            { comment: describeColumn(column), required: column.required === true },
          ]),
        ),
      );
    }
  });

  it('every table and every column has a comment, and every column its unit', async () => {
    const db = await databases.migrated();
    for (const { table_name, column_name, comment } of await readColumns(db)) {
      assert.match(comment ?? '', /\. Unit: \S/, `${table_name}.${column_name}`);
    }
    for (const table of TABLES) {
      const [row] = await db.query<{ comment: string | null }>(
        `SELECT obj_description(':schema.${table}'::regclass, 'pg_class') AS comment`,
      );
      assert.ok(row?.comment, table);
    }
  });
});
