import { type Column, LOG_COLUMNS, METRICS_COLUMNS, STORED_COLUMNS } from '../../model/rows.ts';

/**
 * What is exported of each table, from `model/rows.ts`. A turn says, besides, when its call was finalized: with the call's id
 * that is the version of the call that it is of.
 */
export const TABLES = {
  call_metrics: { ...METRICS_COLUMNS, ...STORED_COLUMNS },
  call_logs: { ...LOG_COLUMNS, finalized_at: STORED_COLUMNS.finalized_at },
} as const satisfies Record<string, Readonly<Record<string, Column>>>;

export type Table = keyof typeof TABLES;
export const TABLE_NAMES = Object.keys(TABLES) as Table[];
