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

/**
 * Dollars with four places, as bills round: half up. What is less than a tenth of a cent has two digits that say something,
 * `$0.000031`; what is a hundred or more has cents.
 */
export function showMoney(usd: Decimal | null | undefined): string {
  if (usd === null || usd === undefined) return UNKNOWN;
  if (usd.isZero()) return '$0';
  if (usd.abs().lt('0.001')) return `$${usd.toSignificantDigits(2).toFixed()}`;
  return `$${usd.toFixed(usd.abs().lt(100) ? 4 : 2)}`;
}

/** `2026-11-23 15:44:10`, in UTC or in the time zone of the machine. */
export function showInstant(us: Micros, utc = true): string {
  const date = new Date(us / 1_000);
  const local = utc ? date : new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replace('T', ' ');
}

/** `1 call`, `2 calls`, `12,345 calls`. */
export const count = (number: number, one: string): string =>
  `${number.toLocaleString('en-US')} ${one}${number === 1 ? '' : 's'}`;

/** A name and what is known under it: on one line, and where the screen is too narrow on as many as it needs. */
export function field(label: string, parts: readonly string[], screen: number, labelWidth = 35): string {
  const below = labelWidth > screen / 2;
  const inOne = `${label}: ${parts.join('   ')}`;
  if (below && width(inOne) <= screen) return inOne;
  const indent = ' '.repeat(below ? 4 : labelWidth);
  const lines = [below ? indent : label.padEnd(labelWidth)];
  let empty = true;
  for (const part of parts) {
    const last = lines.at(-1) ?? '';
    const joined = empty ? last + part : `${last}   ${part}`;
    if (empty || width(joined) <= screen) lines[lines.length - 1] = joined;
    else lines.push(indent + part);
    empty = false;
  }
  return [...(below ? [label] : []), ...lines].join('\n');
}

/** A sentence on lines that fit, broken between words. */
export function wrapped(text: string, screen: number): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && width(last) + 1 + width(word) <= screen)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

/** One column of a table. */
export interface Column<Row> {
  title: string;
  /** Numbers stand at the right. (Default: left.) */
  right?: boolean;
  /** The highest leaves first where the screen is too narrow. (Default: it stays.) */
  leaves?: number;
  /** Characters that are enough of it where the screen is too narrow; the rest is `…`. (Default: all.) */
  enough?: number;
  cell(row: Row): string;
}

/**
 * Rows as a table of aligned columns, without frames, ready to be cut and pasted.
 *
 * @param screen - characters of a line. (Default: as many as there are.)
 */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  screen = Number.POSITIVE_INFINITY,
): string {
  const cells = columns.map((column) => {
    const lines = [column.title, ...rows.map((row) => column.cell(row))];
    return { column, lines, width: Math.max(...lines.map(width)) };
  });
  const total = () => cells.reduce((sum, cell) => sum + cell.width + 2, -2);
  const spare = () =>
    cells.reduce((sum, { column, width: most }) => sum + Math.max(0, most - (column.enough ?? most)), 0);
  while (total() - spare() > screen) {
    const leaving = cells.reduce((a, b) => ((b.column.leaves ?? 0) > (a.column.leaves ?? 0) ? b : a));
    if (leaving.column.leaves === undefined) break;
    cells.splice(cells.indexOf(leaving), 1);
  }
  for (const cell of cells) {
    const enough = cell.column.enough ?? cell.width;
    const room = Math.max(Math.min(enough, cell.width), cell.width - Math.max(0, total() - screen));
    if (room === cell.width) continue;
    cell.lines = cell.lines.map((text) => (width(text) > room ? `${text.slice(0, room - 1)}…` : text));
    cell.width = room;
  }
  return [undefined, ...rows]
    .map((_, line) =>
      cells
        .map(({ column, lines, width: most }) => {
          const cell = lines[line] ?? '';
          const space = ' '.repeat(most - width(cell));
          return column.right ? space + cell : cell + space;
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
