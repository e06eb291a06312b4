import { Decimal } from 'decimal.js';
import type { Fact } from '../../model/facts.ts';
import type { CallLogRow, CallMetricsRow } from '../../model/rows.ts';
import { Usd } from '../pricing/money.ts';
import type { PriceSettings } from './price-list.ts';

/** What goes between a process and its finalizing thread. Money goes as text: a Decimal cannot be copied. */

export type ThreadData = PriceSettings;

/** Facts of the call at hand, the last of them ask for its rows; or "go on", the answer to rows that have come. */
export type ToThread = { readonly facts: readonly Fact[]; readonly last: boolean } | { readonly more: true };

/** Some turns, and in the end the call; or why there are none. */
export type FromThread =
  | { readonly logs: readonly Plain<CallLogRow>[] }
  | { readonly metrics: Plain<CallMetricsRow> }
  | { readonly error: { readonly name: string; readonly code?: string | undefined } };

type Plain<Row> = {
  readonly [Column in keyof Row]: Row[Column] extends Decimal | null ? string | null : Row[Column];
};

/** What is copied at once: a millisecond's worth or two. */
const SLICE = 100;

export function* slices<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += SLICE) yield items.slice(start, start + SLICE);
}

const isMoney = (column: string): boolean => column.startsWith('cost_');

export const toPlain = <Row extends object>(row: Row): Plain<Row> =>
  mapped(row, (column, value) => (isMoney(column) && value instanceof Decimal ? value.toFixed() : value));

export const fromPlain = <Row extends object>(row: Plain<Row>): Row =>
  mapped(row, (column, value) => (isMoney(column) && typeof value === 'string' ? new Usd(value) : value));

const mapped = <To>(row: object, map: (column: string, value: unknown) => unknown): To =>
  Object.fromEntries(Object.entries(row).map(([column, value]) => [column, map(column, value)])) as To;
