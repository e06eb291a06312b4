/** Rows and journal as files for a warehouse: Parquet, CSV or JSON Lines, by day, each version of a call and each span once. */
export { ExportError, type ExportedDay } from './batches.ts';
export { type ExportOptions, exportRows } from './export.ts';
export { exportJournal, type JournalExportOptions } from './export-journal.ts';
export { FORMATS, type Format } from './formats.ts';
export type { RowTable } from './tables.ts';
