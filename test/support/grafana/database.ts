import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { type Database, openPostgres, rollUpAll } from '../../../exporter/store/index.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { packageRoot } from '../root.ts';
import { CALLS_FROM, CALLS_TO, storeCalls } from './calls.ts';
import { type Choices, committedDashboards, expandSql, type GrafanaPanel, openVariables } from './query.ts';

export type Row = Readonly<Record<string, unknown>>;

export const RANGE = {
  from: CALLS_FROM,
  to: new Date(CALLS_TO.getTime() + 24 * 3_600_000),
  intervalSeconds: 3_600,
};
export const DASHBOARDS = committedDashboards();

let server: TestPostgres;
export let owner: Database;
export let reader: Database;
export let empty: Database;
/** Puts the calls into a database that the dashboards of the tests read, beside an empty one. */
export function serveDashboards(): void {
  before(async () => {
    server = await startPostgres();
    const url = await server.createMigrated();
    owner = openPostgres({ url });
    // As psql would, which fills in the variable.
    const statements = readFileSync(join(packageRoot, 'grafana/reader.sql'), 'utf8');
    await owner.query(statements.replace(":'password'", "'secret'"));
    await storeCalls(owner);
    await rollUpAll(owner);
    await owner.query('ANALYZE');
    reader = openPostgres({ url: url.replace('//earshot@', '//earshot_reader@') });
    empty = openPostgres({ url: await server.createMigrated() });
  });
  after(async () => {
    await Promise.all([owner, reader, empty].map((db) => db?.close()));
    await server.stop();
  });
}

/** Every answer of a panel's SQL, with what is chosen. */
export async function answers(
  db: Database,
  panel: GrafanaPanel,
  choices: Choices,
  range = RANGE,
): Promise<Row[][]> {
  const statements = (panel.targets ?? []).flatMap(({ rawSql }) => (rawSql === undefined ? [] : [rawSql]));
  return Promise.all(statements.map((sql) => db.query<Row>(expandSql(sql, choices, range))));
}

/** One answer of the panel's, the variables as they are when the dashboard opens, or as chosen. */
export async function ask(
  uid: string,
  id: number,
  chosen: Readonly<Record<string, string | readonly string[]>> = {},
): Promise<Row[]> {
  const dashboard = DASHBOARDS.find((each) => each.uid === uid);
  const panel = dashboard?.panels.find((each) => each.id === id);
  assert.ok(dashboard !== undefined && panel !== undefined);
  const choices = await openVariables(dashboard, (sql) => reader.query(sql), RANGE, chosen);
  const [rows] = await answers(reader, panel, choices);
  assert.ok(rows !== undefined);
  return rows;
}

export const number = (row: Row | undefined, column: string): number => Number(row?.[column]);
export const total = (rows: readonly Row[], column: string) =>
  rows.reduce((sum, row) => sum + (row[column] === null ? 0 : number(row, column)), 0);
export const close = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);
