/** The rows as files for a warehouse: Parquet, CSV or JSON Lines, by day, each version of a call once. */
export { ExportError, type ExportedDay, type ExportOptions, exportRows } from './export.ts';
export { FORMATS, type Format } from './formats.ts';
