import type { Decimal } from 'decimal.js';
import type { SchemaElement } from 'hyparquet-writer';
import type { SqlType } from '../../model/rows.ts';
import { USD_DECIMAL_PLACES } from '../pricing/index.ts';
import type { OpenRowWriter } from './row-writer.ts';
import type { FileColumns } from './tables.ts';

/** Rows that are held before they are written as one row group: some tens of megabytes. */
const GROUP = 20_000;

/** Digits that every engine takes in a decimal number, in sixteen bytes. */
const PRECISION = 38;
const MOST = 10n ** BigInt(PRECISION);

/** How a column of an SQL type is stored, and how its values are given to the writer. */
interface Stored {
  readonly element: Omit<SchemaElement, 'name'>;
  readonly encode?: (value: never) => unknown;
}

const TEXT = { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } } as const;

const STORED: Readonly<Record<Exclude<SqlType, 'text[]'>, Stored>> = {
  text: { element: TEXT },
  boolean: { element: { type: 'BOOLEAN' } },
  integer: { element: { type: 'INT32' } },
  bigint: { element: { type: 'INT64' }, encode: (value: number) => BigInt(value) },
  'double precision': { element: { type: 'DOUBLE' } },
  numeric: {
    element: {
      type: 'FIXED_LEN_BYTE_ARRAY',
      type_length: 16,
      converted_type: 'DECIMAL',
      logical_type: { type: 'DECIMAL', precision: PRECISION, scale: USD_DECIMAL_PLACES },
      precision: PRECISION,
      scale: USD_DECIMAL_PLACES,
    },
    encode: unscaled,
  },
  timestamptz: {
    element: {
      type: 'INT64',
      converted_type: 'TIMESTAMP_MICROS',
      logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
    },
    encode: (value: number) => BigInt(value),
  },
  // Not as Parquet's JSON, which some readers take for bytes.
  jsonb: { element: TEXT, encode: (value: object) => JSON.stringify(value) },
};

/** The digits of an amount of USD, with all the places of the column. */
function unscaled(amount: Decimal): bigint {
  const digits = BigInt(amount.toFixed(USD_DECIMAL_PLACES).replace('.', ''));
  if (amount.decimalPlaces() <= USD_DECIMAL_PLACES && digits > -MOST && digits < MOST) return digits;
  throw new RangeError(
    `An amount has more digits than decimal(${PRECISION}, ${USD_DECIMAL_PLACES}) holds: ${amount.toFixed()}.`,
  );
}

/** A column's elements of the schema: of a list three, as the format has it. */
function elementsOf(name: string, { type, required }: FileColumns[string]): SchemaElement[] {
  const repetition_type = required ? 'REQUIRED' : 'OPTIONAL';
  if (type !== 'text[]') return [{ ...STORED[type].element, name, repetition_type }];
  return [
    { name, repetition_type, converted_type: 'LIST', logical_type: { type: 'LIST' }, num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { ...TEXT, name: 'element', repetition_type: 'REQUIRED' },
  ];
}

/** Apache Parquet, compressed with Snappy. Money is decimal(38, 20): no place is lost. */
export const openParquet: OpenRowWriter = async (columns, append) => {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const bytes = new ByteWriter();
  const flush = async () => {
    await append(bytes.getBytes());
    bytes.index = 0;
  };
  const all = Object.entries(columns);
  const writer = new ParquetWriter({
    writer: Object.assign(bytes, { flush, finish: flush }),
    schema: [
      { name: 'row', num_children: all.length },
      ...all.flatMap(([name, column]) => elementsOf(name, column)),
    ],
    createdBy: 'earshot',
  });
  let held: object[] = [];
  const writeGroup = async () => {
    const group = held;
    held = [];
    const columnData = all.map(([name, { type }]) => ({ name, data: valuesOf(group, name, type) }));
    await writer.write({ columnData, rowGroupSize: group.length });
  };
  return {
    async write(rows) {
      held.push(...rows);
      if (held.length >= GROUP) await writeGroup();
    },
    async finish() {
      if (held.length > 0) await writeGroup();
      await writer.finish();
    },
  };
};

function valuesOf(rows: readonly object[], name: string, type: SqlType): unknown[] {
  const encode = type === 'text[]' ? undefined : STORED[type].encode;
  return rows.map((row) => {
    const value = (row as Readonly<Record<string, unknown>>)[name] ?? null;
    return value === null || encode === undefined ? value : encode(value as never);
  });
}
