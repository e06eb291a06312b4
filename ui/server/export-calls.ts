import type { ServerResponse } from 'node:http';
import type { Database } from '../../exporter/store/index.ts';
import {
  type CallPosition,
  type CallSelection,
  type CallSort,
  listCallPage,
} from '../../exporter/store/views/index.ts';
import { csvHeader, csvLine } from '../../model/row-csv.ts';
import { rowJson } from '../../model/row-json.ts';
import { SAFE_HEADERS } from './answer.ts';

/** Calls in one file, at most: more are for SQL. */
const MOST_CALLS = 100_000;
const PAGE = 500;

/** Writes the calls of a selection as a file, page by page, at the pace of the reader. */
export async function exportCalls(
  db: Database,
  response: ServerResponse,
  format: 'csv' | 'json',
  selection: CallSelection,
  order: CallSort,
): Promise<void> {
  response.writeHead(200, {
    ...SAFE_HEADERS,
    'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8',
    'content-disposition': `attachment; filename="calls.${format}"`,
    'cache-control': 'no-store',
  });
  await write(response, format === 'csv' ? `${csvHeader()}\r\n` : '[');
  let after: CallPosition | undefined;
  for (let written = 0; written < MOST_CALLS; written += PAGE) {
    const { calls, next } = await listCallPage(db, selection, { order, limit: PAGE, after });
    const text =
      format === 'csv'
        ? calls.map((call) => `${csvLine(call)}\r\n`).join('')
        : jsonItems(
            calls.map((call) => rowJson(call) as object),
            written === 0,
          );
    await write(response, text);
    after = next;
    if (next === undefined || response.destroyed) break;
  }
  response.end(format === 'csv' ? '' : ']\n');
}

const jsonItems = (rows: readonly object[], first: boolean) =>
  rows.map((row, i) => `${first && i === 0 ? '\n' : ',\n'}${JSON.stringify(row)}`).join('');

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
