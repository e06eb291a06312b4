import { CALL_SORTS, type CallSort, type Database } from '../../exporter/store/index.ts';
import { readSettings, type Settings } from '../../model/settings.ts';
import { type Command, type ExitCode, type Invocation, type Io, UsageError } from '../command.ts';
import { openCommandDatabase } from '../database.ts';
import { FILTER_HELP, FILTER_OPTIONS, readFilter } from '../filter-options.ts';
import { finalizeEnded } from '../finalize-ended.ts';
import { exportCsv, exportJson, exportJsonLines } from '../report/export.ts';
import { listCallsAsText } from '../report/list.ts';

const DEFAULT_LIMIT = 20;
const FORMATS = ['json', 'jsonl', 'csv'] as const;
const SORTS = Object.keys(CALL_SORTS) as CallSort[];

export const report: Command = {
  name: 'report',
  help: `Usage: earshot report [options]
       earshot report CALL [--json]

Without CALL: the latest calls, one line each, and what all that match come to together: the silence before the agent
answers (p50, p95) and where it goes; whose it is in turns over the target (EARSHOT_LATENCY_TARGET): a setting, a model, the
application or the transport; interruptions, outcomes, cost by component, and the slowest part in one sentence.

With CALL, an id or the beginning of one: everything known of that call, and for each turn its waterfall: who spoke, how
long each stage took to its first byte, and the segments that the silence is made of. They add up to it. A call that is
still going on is shown as far as it is known.

Which calls:

${FILTER_HELP}
  --live               calls that are going on now, in place of finished ones

How they are shown:

  --sort WORD          ${SORTS.join(', ')} (default: started, the latest first)
  --limit N            how many calls (default ${DEFAULT_LIMIT}); --all shows every one. Totals are of all that match
  --utc                times in UTC, and dates of --since and --until, in place of the local time zone
  --json               the rows with their turns, under their column names, and the totals
  --jsonl              the rows with their turns, one call a line, streamed: all that match unless --limit
  --csv                the rows without their turns, streamed: all that match unless --limit

Beyond 4,000 calls that match, totals are those of rollups, and percentiles within 1 %. What rollups do not tell apart (a
customer, a tag, an outcome, a provider, a silence) is read from rows: beyond 10,000 calls, figures of turns are from a part of
them, to within some two percent, and marked ≈. Counts and costs are of all. ~ is estimated, + at least so much because
something had no price or no known usage, – not known.

In files, money has all its places, instants are ISO 8601 in UTC, and text that a spreadsheet would take for a formula has an
apostrophe before it.

Reads EARSHOT_DATABASE_URL (or DATABASE_URL), else the embedded database in .earshot (EARSHOT_DATA_DIR).`,
  options: {
    ...FILTER_OPTIONS,
    live: { type: 'boolean' },
    sort: { type: 'string' },
    limit: { type: 'string' },
    all: { type: 'boolean' },
    utc: { type: 'boolean' },
    json: { type: 'boolean' },
    jsonl: { type: 'boolean' },
    csv: { type: 'boolean' },
  },
  maxArguments: 1,
  run,
};

/** What was asked for. */
interface Asked {
  filter: ReturnType<typeof readFilter>;
  live: boolean;
  sort: CallSort | undefined;
  /** Undefined: all. */
  limit: number | undefined;
  utc: boolean;
  format: (typeof FORMATS)[number] | undefined;
}

async function run({ arguments: [callId], options, io }: Invocation): Promise<ExitCode> {
  const asked = readOptions(options, callId);
  const settings = readSettings();
  const database = await openCommandDatabase(settings);
  try {
    await finalizeEnded(database, settings, io);
    if (callId !== undefined)
      await (await oneCall()).showCall(
        database.db,
        callId,
        { json: asked.format === 'json', utc: asked.utc, settings, tenants: asked.filter.tenant },
        io,
      );
    else await showCalls(database.db, asked, settings, io);
    return 0;
  } finally {
    await database.close();
  }
}

async function showCalls(db: Database, asked: Asked, settings: Settings, io: Io): Promise<void> {
  const { filter, format, live, limit = Number.POSITIVE_INFINITY, utc } = asked;
  if (live) {
    const { listLiveCalls } = await import('../report/running.ts');
    return listLiveCalls(
      db,
      { limit: Math.min(limit, 1_000), json: format === 'json', utc, settings, tenants: filter.tenant },
      io,
    );
  }
  const shown = { ...asked, targetSeconds: settings.latencyTarget / 1_000 };
  if (format === undefined) return listCallsAsText(db, filter, shown, io);
  const write = { json: exportJson, jsonl: exportJsonLines, csv: exportCsv }[format];
  return write(db, filter, shown, io);
}

function readOptions(options: Invocation['options'], callId: string | undefined): Asked {
  const utc = options.utc === true;
  const filter = readFilter(options, utc);
  const [format, second] = FORMATS.filter((name) => options[name] === true);
  if (second !== undefined) throw new UsageError(`saw --${format} and --${second}, expected one of them.`);
  const live = options.live === true;
  const isFiltered = Object.keys(filter).some((name) => name !== 'tenant');
  if (callId !== undefined && (isFiltered || live || (format !== undefined && format !== 'json')))
    throw new UsageError(
      'with CALL there are no other options than --json, --utc and --tenant. To list calls, leave the id out.',
    );
  if (live && (isFiltered || options.sort !== undefined || (format !== undefined && format !== 'json')))
    throw new UsageError(
      '--live: saw it with another choice of calls, expected --limit, --utc, --tenant or --json.',
    );
  if (options.all === true && options.limit !== undefined)
    throw new UsageError('saw --all and --limit, expected one of them.');
  const all =
    options.all === true || ((format === 'csv' || format === 'jsonl') && options.limit === undefined);
  return {
    filter,
    live,
    sort: readSort(options.sort),
    limit: all ? undefined : readLimit(options.limit),
    utc,
    format,
  };
}

function readSort(text: unknown): CallSort | undefined {
  if (text === undefined) return undefined;
  const sort = SORTS.find((word) => word === text);
  if (sort !== undefined) return sort;
  throw new UsageError(`--sort: saw ${String(text)}, expected one of ${SORTS.join(', ')}.`);
}

function readLimit(text: unknown): number {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit > 0) return limit;
  throw new UsageError(`--limit: saw ${String(text)}, expected a whole number above 0.`);
}

/** The latest calls. */
export const reportCalls = (
  db: Database,
  { limit, since }: { limit: number; since?: number },
  json: boolean,
  io: Io,
): Promise<void> =>
  (json ? exportJson : listCallsAsText)(db, since === undefined ? {} : { since }, { limit }, io);

/** One call, turn by turn. */
export const reportCall = async (db: Database, callId: string, json: boolean, io: Io): Promise<void> =>
  (await oneCall()).showCall(db, callId, { json }, io);

/** Loaded when it is needed: grouping spans into turns brings the lexicon of sentiment along. */
const oneCall = () => import('../report/one-call.ts');
