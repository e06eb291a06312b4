import type { FileColumns } from './tables.ts';

/** Where the bytes of a file go, in order. Resolves when there is room for more. */
export type Append = (bytes: Uint8Array | string) => Promise<void>;

/** A file of rows that is being written. */
export interface RowWriter {
  write(rows: readonly object[]): Promise<void>;
  /** Writes what is left: the file is whole then. */
  finish(): Promise<void>;
}

/** Begins a file with these columns. */
export type OpenRowWriter = (columns: FileColumns, append: Append) => Promise<RowWriter>;
