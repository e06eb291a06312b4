import type { ServerResponse } from 'node:http';
import { type Database, STORED_METRICS } from '../../exporter/store/index.ts';
import {
  type CallOrder,
  type CallPosition,
  type CallSelection,
  listCallPage,
} from '../../exporter/store/views/index.ts';
import { rowJson } from '../../model/row-json.ts';
import { SAFE_HEADERS } from './answer.ts';

/** Calls in one file, at most: more are for SQL. */
const MOST_CALLS = 100_000;
const PAGE = 500;
const COLUMNS = Object.keys(STORED_METRICS);

/** Writes the calls of a selection as a file, page by page, at the pace of the reader. */
export async function exportCalls(
  db: Database,
  response: ServerResponse,
  format: 'csv' | 'json',
  selection: CallSelection,
  order: CallOrder,
): Promise<void> {
  response.writeHead(200, {
    ...SAFE_HEADERS,
    'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8',
    'content-disposition': `attachment; filename="calls.${format}"`,
    'cache-control': 'no-store',
  });
  await write(response, format === 'csv' ? `${COLUMNS.join(',')}\r\n` : '[');
  let after: CallPosition | undefined;
  for (let written = 0; written < MOST_CALLS; written += PAGE) {
    const { calls, next } = await listCallPage(db, selection, { order, limit: PAGE, after });
    const rows = calls.map((call) => rowJson(call) as Record<string, unknown>);
    const first = written === 0;
    await write(response, format === 'csv' ? rows.map(csvLine).join('') : jsonItems(rows, first));
    after = next;
    if (next === undefined || response.destroyed) break;
  }
  response.end(format === 'csv' ? '' : ']\n');
}

const jsonItems = (rows: readonly object[], first: boolean) =>
  rows.map((row, i) => `${first && i === 0 ? '\n' : ',\n'}${JSON.stringify(row)}`).join('');

export const csvLine = (row: Readonly<Record<string, unknown>>): string =>
  `${COLUMNS.map((name) => csvCell(row[name])).join(',')}\r\n`;

/** A text that begins like a formula is made none: a spreadsheet would run what a span says. */
function csvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = Array.isArray(value) ? value.join(' ') : String(value);
  const inert = /^[=+@\t\r]|^-(?![\d.]+$)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

async function write(response: ServerResponse, text: string): Promise<void> {
  if (response.destroyed || text === '') return;
  if (response.write(text)) return;
  await new Promise<void>((resolve) => {
    const go = () => {
      response.off('drain', go);
      response.off('close', go);
      resolve();
    };
    response.once('drain', go);
    response.once('close', go);
  });
}
