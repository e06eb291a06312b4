import {
  type Column,
  LOG_COLUMNS,
  METRICS_COLUMNS,
  SCORE_COLUMNS,
  type SqlType,
  STORED_COLUMNS,
} from '../../model/rows.ts';

/**
 * The columns of every table that earshot writes, with their SQL types. Statements are built from these lists; a test
 * compares them with the database. How each type crosses the driver is in `values.ts`.
 */
export type Columns = Readonly<Record<string, ColumnType>>;

/** SQL types in use. */
export type ColumnType = SqlType;

type Table = Readonly<Record<string, Column>>;
type Types<T extends Table> = { readonly [Name in keyof T]: T[Name]['type'] };

const typesOf = <T extends Table>(table: T): Types<T> =>
  Object.fromEntries(Object.entries(table).map(([name, { type }]) => [name, type])) as Types<T>;

/** What a fact is in the journal; `recorded_at` is the database's. */
export const CALL_SPANS = {
  tenant: 'text',
  trace_id: 'text',
  span_id: 'text',
  call_id: 'text',
  turn_index: 'integer',
  stage: 'text',
  started_at: 'timestamptz',
  ended_at: 'timestamptz',
  facts: 'jsonb',
} as const satisfies Columns;

/** As stored. */
export const STORED_SPANS = { ...CALL_SPANS, recorded_at: 'timestamptz' } as const satisfies Columns;

export const CALL_LOGS: Types<typeof LOG_COLUMNS> = typesOf(LOG_COLUMNS);

export const CALL_SCORES: Types<typeof SCORE_COLUMNS> = typesOf(SCORE_COLUMNS);

/** As computed: what a statement writes besides is in `STORED_METRICS`. */
export const CALL_METRICS: Types<typeof METRICS_COLUMNS> = typesOf(METRICS_COLUMNS);

/** As stored. */
export const STORED_METRICS: Types<typeof METRICS_COLUMNS & typeof STORED_COLUMNS> = {
  ...CALL_METRICS,
  ...typesOf(STORED_COLUMNS),
};
