import { type Column, LOG_COLUMNS, METRICS_COLUMNS, STORED_COLUMNS } from '../../model/rows.ts';
import { STORED_SPANS } from '../store/index.ts';

/** What a file needs to know of a column. */
export type FileColumns = Readonly<Record<string, Pick<Column, 'type' | 'required'>>>;

/**
 * What is exported of each table, from `model/rows.ts`. A turn says, besides, when its call was finalized: with the call's id
 * that is the version of the call that it is of.
 */
const ROWS = {
  call_metrics: { ...METRICS_COLUMNS, ...STORED_COLUMNS },
  call_logs: { ...LOG_COLUMNS, finalized_at: STORED_COLUMNS.finalized_at },
} as const satisfies Record<string, FileColumns>;

/** Of the journal its rows as they are; `facts` is JSON as text. */
const JOURNAL = {
  call_spans: Object.fromEntries(
    Object.entries({ ...STORED_SPANS, facts: 'text' as const }).map(([name, type]) => [
      name,
      name === 'turn_index' ? { type } : { type, required: true as const },
    ]),
  ),
} as const satisfies Record<string, FileColumns>;

export const TABLES: Readonly<Record<Table, FileColumns>> = { ...ROWS, ...JOURNAL };

export type RowTable = keyof typeof ROWS;
export type JournalTable = keyof typeof JOURNAL;
export type Table = RowTable | JournalTable;
export const ROW_TABLES = Object.keys(ROWS) as RowTable[];
