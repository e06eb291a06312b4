import type { Micros } from '../../model/facts.ts';
import type { Place } from '../../storage/place.ts';
import { type Database, keyOf, settledInstant, streamCalls, turnsOfCalls } from '../store/index.ts';
import { type BatchSlice, type ExportedDay, exportDays } from './batches.ts';
import type { Format } from './formats.ts';
import type { TableFile } from './table-file.ts';
import { ROW_TABLES, type RowTable } from './tables.ts';

/** Calls that are read at a time, with their turns. */
const PAGE = 500;

export interface ExportOptions {
  /** Where to. A folder is made. */
  to: Place;
  format: Format;
  /** From the day of UTC that this instant is in. */
  since: Micros;
  /** Only days that begin before then. (Default: all.) */
  until?: Micros | undefined;
  /** How far back from now a call must have been finalized, in milliseconds. (Default: see `settledInstant`.) */
  marginMs?: number;
  /** Called with each day of which something was exported. (Default: nothing.) */
  onDay?: (day: ExportedDay<RowTable>) => void;
}

/**
 * Writes the calls that were finalized since the last export, and their turns, into new files of a place, a batch a day.
 * Each version of a call that an export sees is in it exactly once, however often a process died on the way; a call that is
 * finalized again is exported again. Of the rows no more than a group is in memory.
 * @throws ExportError for a place that holds another format or a damaged manifest, or that another process exports into; what the
 * place throws.
 */
export async function exportRows(
  db: Database,
  { to, format, since, until: end, marginMs, onDay }: ExportOptions,
): Promise<void> {
  const write = (slice: BatchSlice, files: Files) => writeRows(db, slice, files);
  await exportDays({ place: to, format, since, tables: ROW_TABLES, write, onDay }, async () => {
    const until = await settledInstant(db, marginMs === undefined ? {} : { marginMs });
    return { until, end: end ?? until };
  });
}

type Files = Readonly<Record<RowTable, TableFile>>;

/** A batch as one moment of the database has it. */
function writeRows(
  db: Database,
  { day, writtenFrom, writtenUntil }: BatchSlice,
  files: Files,
): Promise<void> {
  const filter = {
    since: day[0],
    until: day[1],
    ...(writtenFrom !== undefined && { finalizedSince: writtenFrom }),
    finalizedUntil: writtenUntil,
  };
  return db.transaction(async (tx) => {
    await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    for await (const calls of streamCalls(tx, filter, { pageSize: PAGE })) {
      const turns = await turnsOfCalls(tx, calls.map(keyOf));
      await files.call_metrics.write(calls);
      await files.call_logs.write(
        calls.flatMap((call) =>
          (turns.get(keyOf(call)) ?? []).map((turn) => ({ ...turn, finalized_at: call.finalized_at })),
        ),
      );
    }
  });
}
