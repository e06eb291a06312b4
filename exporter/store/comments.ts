import { type Column, describeColumn, ROW_TABLES } from '../../model/rows.ts';

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Sets the comments of every table of rows to what `model/rows.ts` says, whatever the migrations said before. */
export const COMMENTS: string = Object.entries<Readonly<Record<string, Column>>>(ROW_TABLES)
  .flatMap(([table, columns]) =>
    Object.entries(columns).map(
      ([name, column]) => `COMMENT ON COLUMN ${table}.${name} IS ${literal(describeColumn(column))};`,
    ),
  )
  .join('\n');
