/** Rows and journal as files for a warehouse: Parquet, CSV or JSON Lines, by day, each version of a call and each span once. */
export { exportToClickHouse } from './clickhouse.ts';
export { type ClickHouse, ClickHouseError } from './clickhouse-http.ts';
export { type ExportOptions, exportRows } from './export.ts';
export { exportJournal } from './export-journal.ts';
export { FORMATS, type Format } from './formats.ts';
export { ExportError } from './manifest.ts';
