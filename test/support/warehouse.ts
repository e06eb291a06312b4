import { readdir } from 'node:fs/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Database } from '../../exporter/store/database.ts';
import { codeBlocks, PAGES } from './docs/pages.ts';

/** The statements of a page in SQL, where `warehouse` is another folder. */
export const sqlOfPage = (page: string, folder: string): string[] =>
  PAGES.filter(({ path }) => path === page)
    .flatMap(codeBlocks)
    .filter(({ language }) => language === 'sql')
    .flatMap(({ code }) => code.replaceAll("'warehouse/", `'${folder}/`).split(/;\s*/))
    .filter((statement) => statement !== '');

/** Asks DuckDB; every value is text, as `duckdb` prints it, or null. */
export async function askDuckDb(sql: string | readonly string[]): Promise<Record<string, string | null>[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  try {
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    const statements = typeof sql === 'string' ? [sql] : sql;
    for (const statement of statements.slice(0, -1)) await connection.run(statement);
    const result = await connection.runAndReadAll(statements.at(-1) ?? 'SELECT 1');
    connection.closeSync();
    return result
      .getRowObjects()
      .map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)]),
        ),
      );
  } finally {
    instance.closeSync();
  }
}

/** The names of all files below a folder. */
export const filesBelow = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(folder.length + 1))
    .sort();

/** The versions of calls that are in the files, and those of turns, each as `call@finalized`; sorted. */
export async function exportedVersions(folder: string): Promise<{ calls: string[]; turns: string[] }> {
  const of = (table: string, id: string) =>
    `SELECT '${table}' AS name, ${id} || '@' || epoch_us(finalized_at) AS version FROM read_parquet('${folder}/${table}/*/*.parquet')`;
  const all = await askDuckDb(
    `${of('call_metrics', 'call_id')} UNION ALL ${of('call_logs', "call_id || '#' || turn_index")}`,
  );
  const versions = (table: string) =>
    all
      .filter(({ name }) => name === table)
      .map(({ version }) => String(version))
      .sort();
  return { calls: versions('call_metrics'), turns: versions('call_logs') };
}

/** The same, as the database has them now. */
export async function storedVersions(db: Database): Promise<{ calls: string[]; turns: string[] }> {
  const us = '(extract(epoch FROM m.finalized_at) * 1000000)::bigint';
  const of = async (from: string, id: string) =>
    (await db.query<{ version: string }>(`SELECT ${id} || '@' || ${us} AS version FROM ${from}`))
      .map(({ version }) => version)
      .sort();
  return {
    calls: await of(':schema.call_metrics m', 'm.call_id'),
    turns: await of(
      ':schema.call_logs l JOIN :schema.call_metrics m USING (tenant, call_id)',
      "l.call_id || '#' || l.turn_index",
    ),
  };
}
