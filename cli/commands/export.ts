import { errorClass } from '../../exporter/store/index.ts';
import {
  type ClickHouse,
  ClickHouseError,
  ExportError,
  exportJournal,
  exportRows,
  exportToClickHouse,
  FORMATS,
  type Format,
} from '../../exporter/warehouse/index.ts';
import type { Micros } from '../../model/facts.ts';
import { safeText } from '../../model/safe-text.ts';
import { readSettings } from '../../model/settings.ts';
import { openPlace, PlaceError } from '../../storage/open-place.ts';
import type { Place } from '../../storage/place.ts';
import { CLICKHOUSE_HELP, readClickHouse } from '../clickhouse-address.ts';
import { type Command, CommandError, type ExitCode, type Invocation, UsageError } from '../command.ts';
import { openCommandDatabase } from '../database.ts';
import { missingPackages } from '../missing.ts';
import { toJson } from '../render/json.ts';
import { count } from '../render/text.ts';
import { readTime, TIME_HELP } from '../time-option.ts';

const FORMAT_NAMES = Object.keys(FORMATS) as Format[];

export const exportCommand: Command = {
  name: 'export',
  help: `Usage: earshot export --since TIME [--until TIME] [--format WORD] [--journal] --to PLACE

Writes what was finalized since the export before into new files below PLACE, one folder a day, and never changes a file that
is there: call_metrics/day=2026-11-29/part-000001.parquet, and call_logs/day=… with the turns. Run it as often as you like,
by cron for example. A run that is killed is made good by the next one: no call is lost or there twice.

  --since TIME    from this day on, in UTC: ${TIME_HELP}
  --until TIME    only days that begin before then
  --format WORD   ${FORMAT_NAMES.join(', ')} (default parquet)
  --to PLACE      a folder, which is made, or s3://BUCKET/PREFIX, with the AWS SDK's usual variables. All runs into it have
                  the same format.
                  Or a table of turns, each with its call, in ClickHouse (docs/engines.md):
                  ${CLICKHOUSE_HELP}
  --journal       the spans of the journal, as Parquet below PLACE/journal, in place of the rows: each once, by the day on
                  which it ended. What was written in the last hour is of the next run. Run it once a day: from then on days
                  stay in the database until they are exported, for up to EARSHOT_EXPORT_WAIT beyond EARSHOT_SPAN_RETENTION.
                  What was said is in them where it was recorded
  --json          what was exported, by day, in place of a sentence

A day is the one in which the call began. A call that is finalized again, for a late span or a new price, is written again with
a later finalized_at: the latest one counts (docs/warehouse.md has the SQL). What was finalized in the ten seconds before a run
is of the next one. Money is decimal(38, 20) in Parquet, instants are microseconds of UTC, unknown is NULL.

Reads EARSHOT_DATABASE_URL (or DATABASE_URL), else the embedded database in .earshot (EARSHOT_DATA_DIR).`,
  options: {
    since: { type: 'string' },
    until: { type: 'string' },
    format: { type: 'string' },
    to: { type: 'string' },
    journal: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  maxArguments: 0,
  run,
};

/** Between two pages a file is written, on a disk that may be slow. */
const CONNECTIONS = { statementTimeoutMs: 0, idleInTransactionTimeoutMs: 600_000 };

async function run({ options, io }: Invocation): Promise<ExitCode> {
  const since = readTime('since', options.since, true);
  const until = readTime('until', options.until, true);
  if (since === undefined)
    throw new UsageError('--since is missing: say from which day on, such as 2026-11-01 or 30d.');
  if (until !== undefined && until <= since) throw new UsageError('--until is not after --since.');
  const journal = options.journal === true;
  const clickHouse = readClickHouse(options.to);
  if (clickHouse !== undefined) {
    if (journal || options.format !== undefined)
      throw new UsageError('ClickHouse takes rows: leave --format and --journal out.');
    return toClickHouse(clickHouse, { since, until, io, json: options.json === true });
  }
  const format = readFormat(options.format);
  if (journal && format !== 'parquet')
    throw new UsageError('--journal is written as Parquet: leave --format out.');
  const to = await readPlace(options.to);
  const install = format === 'parquet' ? missingPackages('parquet') : undefined;
  if (install !== undefined)
    throw new CommandError(`Parquet needs a package that is not installed:\n\n  ${install}`);
  await assertUsable(to);
  const database = await openCommandDatabase(readSettings(), CONNECTIONS);
  const days: Day[] = [];
  const onDay = (exported: Day) => {
    days.push(exported);
    io.err(`${exported.day}: ${countOf([exported])}`);
  };
  try {
    if (journal) await exportJournal(database.db, { to, since, until, onDay, onUnnoted: warnUnnoted(io) });
    else await exportRows(database.db, { to, format, since, until, onDay });
  } catch (error) {
    throw error instanceof ExportError ? new CommandError(error.message, { cause: error }) : error;
  } finally {
    await database.close();
  }
  if (options.json === true) io.out(toJson({ days }));
  else if (days.length > 0)
    io.out(`${countOf(days)} of ${count(days.length, 'day')}, in ${safeText(to.name)}`);
  else
    io.out(
      `Nothing new to export. What was ${journal ? 'written in the last hour' : 'finalized in the last ten seconds'} is of the next run.`,
    );
  return 0;
}

async function toClickHouse(
  to: ClickHouse,
  {
    since,
    until,
    io,
    json,
  }: { since: Micros; until: Micros | undefined; io: Invocation['io']; json: boolean },
): Promise<ExitCode> {
  const database = await openCommandDatabase(readSettings(), CONNECTIONS);
  try {
    const { calls, turns } = await exportToClickHouse(database.db, { to, since, until });
    if (json) io.out(toJson({ calls, turns }));
    else io.out(`${count(calls, 'call')} and ${count(turns, 'turn')}, in call_turns of ${to.url.origin}`);
    return 0;
  } catch (error) {
    throw error instanceof ClickHouseError ? new CommandError(error.message, { cause: error }) : error;
  } finally {
    await database.close();
  }
}

const warnUnnoted =
  ({ err }: Invocation['io']) =>
  (reason: string) =>
    err(
      `What was exported could not be noted in the database (${reason}): retention does not wait for exports by this user.`,
    );

/** A day of rows or of the journal, by table. */
interface Day {
  readonly day: string;
  readonly rows: Readonly<Record<string, number>>;
}

function countOf(days: readonly Day[]): string {
  const of = (table: string, word: string) =>
    days.some(({ rows }) => table in rows)
      ? [
          count(
            days.reduce((sum, { rows }) => sum + (rows[table] ?? 0), 0),
            word,
          ),
        ]
      : [];
  return [...of('call_metrics', 'call'), ...of('call_logs', 'turn'), ...of('call_spans', 'span')].join(
    ' and ',
  );
}

function readFormat(text: unknown): Format {
  if (text === undefined) return 'parquet';
  const format = FORMAT_NAMES.find((name) => name === text);
  if (format !== undefined) return format;
  throw new UsageError(`--format: saw ${String(text)}, expected one of ${FORMAT_NAMES.join(', ')}.`);
}

async function readPlace(text: unknown): Promise<Place> {
  if (typeof text !== 'string' || text === '')
    throw new UsageError(
      '--to is missing: say into which folder, such as ./warehouse, or s3://BUCKET/PREFIX.',
    );
  return openPlace(text).catch((error: unknown) => {
    throw error instanceof PlaceError ? new UsageError(`--to: ${error.message}.`) : error;
  });
}

/** @throws CommandError */
async function assertUsable(to: Place): Promise<void> {
  await to.probe().catch((cause: unknown) => {
    const what = to.isRemote
      ? 'See that the bucket is there, and that region and credentials are set as for the AWS SDK.'
      : 'Choose a folder that can be made and written.';
    throw new CommandError(`--to: ${to.name} cannot be used (${errorClass(cause)}). ${what}`, { cause });
  });
}
