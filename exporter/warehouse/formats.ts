import { csvDataLine, csvHeader } from '../../model/row-csv.ts';
import { rowJson } from '../../model/row-json.ts';
import { openParquet } from './parquet.ts';
import type { OpenRowWriter } from './row-writer.ts';

const openCsv: OpenRowWriter = async (columns, append) => {
  await append(`${csvHeader(columns)}\n`);
  return {
    write: (rows) => append(rows.map((row) => `${csvDataLine(row, columns)}\n`).join('')),
    finish: async () => {},
  };
};

/** Money is text with all its places, instants are ISO 8601 in UTC, unknown is null: as `earshot report --jsonl` has rows. */
const openJsonLines: OpenRowWriter = async (_, append) => ({
  write: (rows) => append(rows.map((row) => `${JSON.stringify(rowJson(row))}\n`).join('')),
  finish: async () => {},
});

/** How files of rows can be written, by the ending of their names. */
export const FORMATS = {
  parquet: openParquet,
  csv: openCsv,
  jsonl: openJsonLines,
} as const satisfies Record<string, OpenRowWriter>;

export type Format = keyof typeof FORMATS;
