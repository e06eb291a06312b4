import type { NewFile, Place } from '../../storage/place.ts';
import { FORMATS, type Format } from './formats.ts';
import { stagedFile } from './manifest.ts';
import type { RowWriter } from './row-writer.ts';
import { TABLES, type Table } from './tables.ts';

/** The rows of a table in a file of their own, which is there once there is a row. */
export class TableFile {
  /** Rows so far. */
  rows = 0;
  readonly #open: () => Promise<{ file: NewFile; writer: RowWriter }>;
  #opened: { file: NewFile; writer: RowWriter } | undefined;

  constructor(place: Place, staged: string, table: Table, format: Format) {
    this.#open = async () => {
      const file = await place.create(stagedFile(staged, table));
      return { file, writer: await FORMATS[format](TABLES[table], (bytes) => file.append(bytes)) };
    };
  }

  async write(rows: readonly object[]): Promise<void> {
    if (rows.length === 0) return;
    this.#opened ??= await this.#open();
    await this.#opened.writer.write(rows);
    this.rows += rows.length;
  }

  /** The file is whole and on the disk then. */
  async finish(): Promise<void> {
    await this.#opened?.writer.finish();
    await this.#opened?.file.close();
    this.#opened = undefined;
  }

  /** Nothing is to become of it. */
  async discard(): Promise<void> {
    await this.#opened?.file.discard();
    this.#opened = undefined;
  }
}
