import type { Decimal } from 'decimal.js';
import type { Micros } from '../../model/facts.ts';

/** What stands where nothing is known. Never 0. */
export const UNKNOWN = '–';

/** `0.912` as `912 ms`, `12.3` as `12.3 s`. */
export function showSeconds(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  return seconds < 9.9995 ? `${Math.round(seconds * 1_000)} ms` : `${seconds.toFixed(1)} s`;
}

/** `92` as `1:32`. */
export function showDuration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** Dollars with four places, as bills round: half up. */
export const showMoney = (usd: Decimal | null | undefined): string =>
  usd === null || usd === undefined ? UNKNOWN : `$${usd.toFixed(4)}`;

/** `2026-11-23 15:44:10`, UTC. */
export const showInstant = (us: Micros): string =>
  new Date(us / 1_000).toISOString().slice(0, 19).replace('T', ' ');

/** One column of a table. */
export interface Column<Row> {
  title: string;
  /** Numbers stand at the right. (Default: left.) */
  right?: boolean;
  cell(row: Row): string;
}

/** Rows as a table of aligned columns, without frames, ready to be cut and pasted. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const lines = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ cell }) => cell(row))),
  ];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => width(line[i] ?? ''))));
  return lines
    .map((line) =>
      line
        .map((cell, i) => {
          const space = ' '.repeat((widths[i] ?? 0) - width(cell));
          return columns[i]?.right ? space + cell : cell + space;
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Characters that a terminal shows of a text: all but colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is counted out
const width = (text: string): number => text.replace(/\u001b\[\d+m/g, '').length;

const CODES = { dim: 2, bold: 1, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 } as const;
export type Colour = keyof typeof CODES;
export type Paint = (colour: Colour, text: string) => string;

/** Colours text, or leaves it alone where colours are not shown. */
export const painter =
  (on: boolean): Paint =>
  (colour, text) =>
    on && text !== '' ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text;
