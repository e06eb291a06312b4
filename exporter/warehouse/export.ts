import { randomUUID } from 'node:crypto';
import type { Micros } from '../../model/facts.ts';
import {
  type CallFilter,
  type Database,
  keyOf,
  settledInstant,
  streamCalls,
  turnsOfCalls,
} from '../store/index.ts';
import { Folder } from './folder.ts';
import type { Format } from './formats.ts';
import { anyBatch, commit, lastBatch, partPath, recover, stagedPath } from './manifest.ts';
import { TableFile } from './table-file.ts';
import { TABLE_NAMES, type Table } from './tables.ts';

/** Calls that are read at a time, with their turns. */
const PAGE = 500;
const DAY_US = 86_400_000_000;

export interface ExportOptions {
  /** Where to: a folder of the machine, which is made. */
  to: string;
  format: Format;
  /** From the day of UTC that this instant is in. */
  since: Micros;
  /** Only days that begin before then. (Default: all.) */
  until?: Micros | undefined;
  /** How far back from now a call must have been finalized, in milliseconds. (Default: see `settledInstant`.) */
  marginMs?: number;
  /** Called with each day of which something was exported. (Default: nothing.) */
  onDay?: (day: ExportedDay) => void;
}

/** What was exported of a day. */
export interface ExportedDay {
  readonly day: string;
  readonly rows: Readonly<Record<Table, number>>;
}

/** Something of the folder is not as it must be. */
export class ExportError extends Error {
  override name = 'ExportError';
}

/**
 * Writes the calls that were finalized since the last export, and their turns, into new files of a folder, a batch a day.
 * Each version of a call that an export sees is in it exactly once, however often a process died on the way; a call that is
 * finalized again is exported again. Of the rows no more than a group is in memory.
 * @throws ExportError for a folder that holds another format or that another process exports into.
 */
export async function exportRows(db: Database, options: ExportOptions): Promise<void> {
  const folder = new Folder(options.to);
  await recover(folder);
  const known = await anyBatch(folder);
  if (known !== undefined && known.format !== options.format)
    throw new ExportError(
      `The folder holds ${known.format} of ${known.day}: choose --format ${known.format}, or another folder.`,
    );
  const until = await settledInstant(
    db,
    options.marginMs === undefined ? {} : { marginMs: options.marginMs },
  );
  const end = options.until ?? until;
  for (let at = Math.floor(options.since / DAY_US) * DAY_US; at < end; at += DAY_US) {
    const exported = await exportDay(db, folder, at, until, options.format);
    if (exported !== undefined) options.onDay?.(exported);
  }
}

async function exportDay(
  db: Database,
  folder: Folder,
  at: Micros,
  until: Micros,
  format: Format,
): Promise<ExportedDay | undefined> {
  const day = new Date(at / 1_000).toISOString().slice(0, 10);
  const last = await lastBatch(folder, day);
  if (last !== undefined && last.finalizedUntilUs >= until) return undefined;
  const number = (last?.number ?? 0) + 1;
  const staged = stagedPath(day, number, randomUUID());
  const filter = {
    since: at,
    until: at + DAY_US,
    ...(last && { finalizedSince: last.finalizedUntilUs }),
    finalizedUntil: until,
  };
  const open = (table: Table) => new TableFile(folder, staged, table, format);
  const rows = await writeRows(db, filter, open).catch(async (error: unknown) => {
    await folder.remove(staged);
    throw error;
  });
  const tables = TABLE_NAMES.filter((table) => rows[table] > 0);
  if (tables.length === 0) return undefined;
  const files = tables.map((table) => ({
    table,
    path: partPath(table, { day, number, format }),
    rows: rows[table],
  }));
  if (await commit(folder, { day, number, format, finalizedUntilUs: until, staged, files }))
    return { day, rows };
  throw new ExportError(`Another process exports ${day} into the same folder.`);
}

/** Writes a batch as one moment of the database has it. */
async function writeRows(
  db: Database,
  filter: CallFilter,
  open: (table: Table) => TableFile,
): Promise<Record<Table, number>> {
  const files = { call_logs: open('call_logs'), call_metrics: open('call_metrics') };
  try {
    await db.transaction(async (tx) => {
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
    for (const file of Object.values(files)) await file.finish();
    return { call_logs: files.call_logs.rows, call_metrics: files.call_metrics.rows };
  } catch (error) {
    for (const file of Object.values(files)) await file.discard();
    throw error;
  }
}
