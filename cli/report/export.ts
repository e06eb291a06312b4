import {
  type CallFilter,
  callTotals,
  type Database,
  keyOf,
  listRestingCalls,
  scoresOfCalls,
  streamCalls,
  turnsOfCalls,
} from '../../exporter/store/index.ts';
import { csvHeader, csvLine } from '../../model/row-csv.ts';
import type { Io } from '../command.ts';
import { toJson, toJsonLine } from '../render/json.ts';
import { totalsJson } from '../render/totals.ts';
import { callJson } from './call-json.ts';
import type { ListOptions } from './list.ts';

/** Calls of one page: each may have hundreds of turns. */
const PAGE = 200;
const PAGE_OF_CSV = 1_000;

type Export = (
  db: Database,
  filter: CallFilter,
  options: Pick<ListOptions, 'limit' | 'sort' | 'targetSeconds'>,
  io: Io,
) => Promise<void>;

/** Calls as CSV, page by page. It ends where the reader has seen enough. */
export const exportCsv: Export = async (db, filter, { limit, sort }, io) => {
  if (!(await io.stream(`${csvHeader()}\r\n`))) return;
  for await (const calls of streamCalls(db, filter, { ...(sort && { sort }), limit, pageSize: PAGE_OF_CSV }))
    if (!(await io.stream(calls.map((call) => `${csvLine(call)}\r\n`).join('')))) return;
};

/** Calls with their turns, as JSON, one call a line. */
export const exportJsonLines: Export = async (db, filter, options, io) => {
  for await (const calls of callsWithTurns(db, filter, options))
    if (!(await io.stream(calls.map((call) => `${toJsonLine(call)}\n`).join('')))) return;
};

/** Calls with their turns, and what all that were asked for come to, as one JSON. */
export const exportJson: Export = async (db, filter, options, io) => {
  const [totals, resting] = await Promise.all([
    callTotals(db, filter, {
      ...(options.targetSeconds !== undefined && { targetSeconds: options.targetSeconds }),
    }),
    listRestingCalls(db, undefined, filter.tenant),
  ]);
  let before = '{\n  "calls": [';
  for await (const calls of callsWithTurns(db, filter, options)) {
    const text = calls.map((call) => indented(toJson(call), '    ')).join(',\n');
    if (!(await io.stream(`${before}\n${text}`))) return;
    before = ',';
  }
  const rest = { totals: totalsJson(totals), ...(resting.length > 0 && { resting }) };
  await io.stream(`${before === ',' ? '\n  ' : before}],${toJson(rest).slice(1)}\n`);
};

const indented = (json: string, by: string): string => json.replace(/^/gm, by);

async function* callsWithTurns(
  db: Database,
  filter: CallFilter,
  { limit, sort }: Pick<ListOptions, 'limit' | 'sort'>,
): AsyncGenerator<object[]> {
  for await (const calls of streamCalls(db, filter, { ...(sort && { sort }), limit, pageSize: PAGE })) {
    const keys = calls.map(keyOf);
    const [turns, scores] = await Promise.all([turnsOfCalls(db, keys), scoresOfCalls(db, keys)]);
    yield calls.map((metrics) =>
      callJson({
        ...{ metrics, turns: turns.get(keyOf(metrics)) ?? [], scores: scores.get(keyOf(metrics)) ?? [] },
        running: false,
      }),
    );
  }
}
