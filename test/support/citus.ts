import assert from 'node:assert/strict';
import type { Database, Queryable } from '../../exporter/store/index.ts';

/**
 * What Citus plans, as far as our statements need it: the journal (`call_spans` and its partitions) is in shards by `call_id` on
 * workers, all other tables are on the coordinator alone. Read from the text as it is sent; Citus itself is not here.
 */

const JOURNAL = /call_spans\w*/;
const LOCAL = /\b(call_metrics|call_logs|call_queue|journal_exports|rollup_\w+|earshot_migrations)\b/;

/** Questions to the catalogue, which each node answers by itself. */
const ASKS_CATALOGUE = /(to_regclass\('|'")[^']*call_spans\w*'|FROM pg_\w+/;

const rules: readonly (readonly [rule: string, holds: (sql: string) => boolean])[] = [
  ['no lock of a table by hand', (sql) => !/\bLOCK TABLE\b/.test(sql)],
  ['no partition is attached or detached', (sql) => !/\b(ATTACH|DETACH) PARTITION\b/.test(sql)],
  ['no block of code', (sql) => !/\bDO \$\$/.test(sql)],
  ['the journal is not joined with tables of the coordinator', (sql) => !LOCAL.test(sql)],
  ['no row is locked', (sql) => !/\bFOR (UPDATE|SHARE)\b/.test(sql)],
];

/** A statement of one call goes to one shard, which plans it as PostgreSQL does. */
const ofOneCall = (sql: string): boolean =>
  /\bs\.call_id = \$\d/.test(sql) && (sql.match(/call_spans/g) ?? []).length === 1;

const rulesOfMany: typeof rules = [
  ['each shard answers by itself: no join', (sql) => !/\bJOIN\b|\bUSING\b/.test(sql)],
  ['no lateral or correlated subquery', (sql) => !/\bLATERAL\b|\bEXISTS\b|\(\s*SELECT\b/.test(sql)],
  ['no common table expression', (sql) => !/\bWITH\b/.test(sql)],
  ['no window, no cursor', (sql) => !/\bOVER\b|\bDECLARE\b/.test(sql)],
  [
    'groups are of the column that shards are by',
    (sql) => !/GROUP BY/.test(sql) || /GROUP BY [^)]*\bcall_id\b/.test(sql),
  ],
  ['no row moves to another shard', (sql) => !/UPDATE/.test(sql)],
];

const DDL =
  /^(SET LOCAL lock_timeout = \d+;\s*)?(CREATE TABLE IF NOT EXISTS "?\w*"?:?\w*\.\w+ PARTITION OF|DROP TABLE) /;

/** The rules that a statement breaks; none: Citus plans it. */
export function brokenRules(statement: string): string[] {
  const sql = statement.replaceAll(/--.*$/gm, '');
  if (!JOURNAL.test(sql) || ASKS_CATALOGUE.test(sql)) return [];
  if (DDL.test(sql)) return [];
  const append = /^WITH inserted AS \(\s*INSERT INTO ([\s\S]*?)\n\), ([\s\S]*)$/.exec(sql);
  if (append !== null) {
    const [, writes = '', rest = ''] = append;
    return [
      ...(/\bFROM\b(?! UNNEST)/.test(writes) || LOCAL.test(writes)
        ? ['what is appended comes from parameters alone']
        : []),
      ...(JOURNAL.test(rest) ? ['nothing else in the statement names the journal'] : []),
    ];
  }
  const broken = (list: typeof rules) => list.filter(([, holds]) => !holds(sql)).map(([rule]) => rule);
  return [...broken(rules), ...(ofOneCall(sql) ? [] : broken(rulesOfMany))];
}

/** A database that notes each statement. */
export function recording(db: Database): Database & { readonly statements: Set<string> } {
  const statements = new Set<string>();
  const noted = (queryable: Queryable): Queryable => ({
    query: (text, params) => {
      statements.add(text);
      return queryable.query(text, params);
    },
  });
  return {
    statements,
    ...noted(db),
    transaction: (work) => db.transaction((tx) => work(noted(tx))),
    close: () => db.close(),
  };
}

/**
 * Makes a PostgreSQL look as one with Citus to those who ask: it notes what is distributed, and has it where it was. Then all
 * statements are those for a cluster, which PostgreSQL runs with the same result.
 */
export const pretendCitus = (db: Database): Promise<unknown> =>
  db.query(`\
SET LOCAL allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass, distributed_by text);
CREATE FUNCTION pg_catalog.create_distributed_table(relation regclass, by text, colocate_with text) RETURNS void
  LANGUAGE sql AS 'INSERT INTO pg_catalog.pg_dist_partition VALUES (relation, by)'`);

/** Asserts that every statement is one that Citus plans. */
export function assertPlanned(statements: Iterable<string>): void {
  for (const statement of statements) assert.deepEqual(brokenRules(statement), [], statement);
}
