import { ROLLUP_TABLES } from '../../model/rollups.ts';
import { type Column, describeColumn, ROW_TABLES } from '../../model/rows.ts';

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Sets the comments of every table of rows and of rollups to what `model/` says, whatever the migrations said before. */
export const COMMENTS: string = Object.entries<Readonly<Record<string, Omit<Column, 'type'>>>>({
  ...ROW_TABLES,
  ...ROLLUP_TABLES,
})
  .flatMap(([table, columns]) =>
    Object.entries(columns).map(
      ([name, column]) => `COMMENT ON COLUMN ${table}.${name} IS ${literal(describeColumn(column))};`,
    ),
  )
  .join('\n');
