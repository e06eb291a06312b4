import {
  type CallFilter,
  type CallSort,
  callTotals,
  type Database,
  estimatesOfCalls,
  keyOf,
  listRestingCalls,
  listRunningCalls,
  selectCalls,
} from '../../exporter/store/index.ts';
import { withSafeTexts } from '../../model/safe-text.ts';
import type { Io } from '../command.ts';
import { callTable } from '../render/calls.ts';
import { legend } from '../render/marks.ts';
import { painter, wrapped } from '../render/text.ts';
import { answer, totalsText } from '../render/totals.ts';

export interface ListOptions {
  /** Calls at most. (Default: all.) */
  limit?: number | undefined;
  /** (Default: started.) */
  sort?: CallSort | undefined;
  /** Times in UTC and not in the time zone of the machine. (Default: false.) */
  utc?: boolean | undefined;
  /** The silence beyond which a turn is slow, in seconds. (Default: 1.2.) */
  targetSeconds?: number | undefined;
}

/** More lines than anybody reads at once; without a limit there are no more than these in memory, and `--csv` has no limit. */
const MOST_LINES = 10_000;

/** Calls, one line each, and what all of those that were asked for come to. */
export async function listCallsAsText(
  db: Database,
  filter: CallFilter,
  { limit = MOST_LINES, sort, utc = false, targetSeconds }: ListOptions,
  io: Io,
): Promise<void> {
  const page = { ...(sort && { sort }), limit: Math.min(limit, MOST_LINES) };
  const [calls, totals, resting] = await Promise.all([
    selectCalls(db, filter, page),
    callTotals(db, filter, { ...(targetSeconds !== undefined && { targetSeconds }) }),
    listRestingCalls(db, undefined, filter.tenant),
  ]);
  for (const { call_id, last_error } of withSafeTexts(resting))
    io.err(
      `earshot: call ${call_id} could not be turned into rows (${last_error}), and rests until a new span arrives.`,
    );
  if (calls.length === 0) return io.out(await nothing(db, filter));
  const estimates = await estimatesOfCalls(db, calls.map(keyOf));
  const safe = new Map([...estimates].map(([key, of]) => [withSafeTexts(key), of]));
  const paint = painter(io.colour);
  const screen = io.screen;
  const rows = callTable(withSafeTexts(calls), { estimates: safe, utc, screen });
  const sums = totalsText(withSafeTexts(totals), calls.length, Math.min(screen, io.width), paint);
  const marks = legend(`${rows}\n${sums}`);
  io.out(
    [rows, '', sums, ...(marks.length > 0 ? [paint('dim', wrapped(marks.join(', '), screen))] : [])].join(
      '\n',
    ),
  );
  const sentence = answer(withSafeTexts(totals));
  if (sentence !== undefined) io.out(`\n${paint('bold', wrapped(sentence, screen))}`);
}

async function nothing(db: Database, filter: CallFilter): Promise<string> {
  if (Object.keys(filter).length > 0) return NONE_MATCHES;
  return (await listRunningCalls(db, 1)).length > 0 ? ONLY_RUNNING : NO_CALLS;
}

const NO_CALLS =
  'No finished calls. An agent started by earshot watch writes them, or one with --import earshot/register and EARSHOT_DATABASE_URL.';
const ONLY_RUNNING = 'No finished calls. Some are going on: earshot report --live shows them.';
const NONE_MATCHES = 'No finished call matches. Without options, earshot report lists the latest calls.';
