import fc from 'fast-check';
import { Usd } from '../../exporter/pricing/index.ts';
import type { Columns, ColumnType } from '../../exporter/store/columns.ts';

/** Any value that a column can hold. */
const ANY: Record<ColumnType, fc.Arbitrary<unknown>> = {
  text: fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', '')),
  boolean: fc.boolean(),
  integer: fc.integer(),
  bigint: fc.maxSafeInteger(),
  'double precision': fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  numeric: fc
    .tuple(fc.maxSafeInteger(), fc.integer({ min: 0, max: 15 }))
    .map(([digits, scale]) => new Usd(digits).div(new Usd(10).pow(scale))),
  timestamptz: fc.integer({ min: 0, max: 4_102_444_800_000_000 }),
  'text[]': fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', ''))),
  jsonb: fc.dictionary(
    fc.stringMatching(/^[a-z][a-z0-9_.-]{0,9}$/),
    fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', '')),
    {
      noNullPrototype: true,
    },
  ),
};

/** Any row of these columns; those that are null in `required` may be. */
export const anyRow = <Row>(columns: Columns, required: Row) =>
  fc
    .record(
      Object.fromEntries(
        Object.entries(columns).map(([name, type]) => [
          name,
          (required as Record<string, unknown>)[name] === null ? fc.option(ANY[type]) : ANY[type],
        ]),
      ),
      { noNullPrototype: true },
    )
    .map((row) => row as Row);
