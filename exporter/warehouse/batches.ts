import { randomUUID } from 'node:crypto';
import type { Micros } from '../../model/facts.ts';
import type { Place } from '../../storage/place.ts';
import type { Format } from './formats.ts';
import {
  anyBatch,
  commit,
  ExportError,
  lastBatch,
  partPath,
  recover,
  stagedPath,
  sweep,
} from './manifest.ts';
import { TableFile } from './table-file.ts';
import type { Table } from './tables.ts';

const DAY_US = 86_400_000_000;

/** What was exported of a day. */
export interface ExportedDay<T extends Table> {
  readonly day: string;
  readonly rows: Readonly<Record<T, number>>;
}

/** Which rows are of a batch: of a day, and written in the interval that follows that of the day's batch before. */
export interface BatchSlice {
  readonly day: readonly [from: Micros, until: Micros];
  /** Undefined: it is the first of the day. */
  readonly writtenFrom?: Micros | undefined;
  readonly writtenUntil: Micros;
}

export interface DaysOptions<T extends Table> {
  place: Place;
  format: Format;
  /** From the day of UTC that this instant is in. */
  since: Micros;
  /** Only days that begin before then. */
  end: Micros;
  /** Nothing will be written any more that was written before then. */
  until: Micros;
  tables: readonly T[];
  /** Writes the rows of a batch into the tables' files, as one moment of the database has them. */
  write: (slice: BatchSlice, files: Readonly<Record<T, TableFile>>) => Promise<void>;
  onDay?: ((day: ExportedDay<T>) => void) | undefined;
}

/** Ends what others have begun in a place, and sees to it that it has one format. */
async function prepare({ place, format }: { place: Place; format: Format }): Promise<void> {
  await recover(place);
  const known = await anyBatch(place);
  if (known !== undefined && known.format !== format)
    throw new ExportError(
      `${place.name} holds ${known.format} of ${known.day}: choose --format ${known.format}, or another place.`,
    );
}

/** Up to where days are exported. */
export type ExportedUntil = Pick<DaysOptions<Table>, 'until' | 'end'>;

/** A place that days are exported into. `times` may take long to know, and are asked for when it is ready; they are returned. */
export async function exportDays<T extends Table>(
  options: Omit<DaysOptions<T>, keyof ExportedUntil>,
  times: () => Promise<ExportedUntil>,
): Promise<ExportedUntil> {
  await prepare(options);
  const { until, end } = await times();
  const all = { ...options, until, end };
  for (let at = Math.floor(all.since / DAY_US) * DAY_US; at < all.end; at += DAY_US) {
    const exported = await exportDay(at, all);
    if (exported !== undefined) all.onDay?.(exported);
  }
  await sweep(options.place);
  return { until, end };
}

async function exportDay<T extends Table>(
  at: Micros,
  { place, format, until, tables, write }: DaysOptions<T>,
): Promise<ExportedDay<T> | undefined> {
  const day = new Date(at / 1_000).toISOString().slice(0, 10);
  const last = await lastBatch(place, day);
  if (last !== undefined && last.finalizedUntilUs >= until) return undefined;
  const number = (last?.number ?? 0) + 1;
  const staged = stagedPath(day, number, randomUUID());
  const files = Object.fromEntries(
    tables.map((table) => [table, new TableFile(place, staged, table, format)]),
  ) as Record<T, TableFile>;
  const slice = { day: [at, at + DAY_US], writtenFrom: last?.finalizedUntilUs, writtenUntil: until } as const;
  try {
    await write(slice, files);
    for (const table of tables) await files[table].finish();
  } catch (error) {
    for (const table of tables) await files[table].discard();
    await place.remove(staged);
    throw error;
  }
  const full = tables.filter((table) => files[table].rows > 0);
  if (full.length === 0) return undefined;
  const parts = full.map((table) => ({
    table,
    path: partPath(table, { day, number, format }),
    rows: files[table].rows,
  }));
  if (await commit(place, { day, number, format, finalizedUntilUs: until, staged, files: parts }))
    return {
      day,
      rows: Object.fromEntries(tables.map((table) => [table, files[table].rows])) as Record<T, number>,
    };
  throw new ExportError(`Another process exports ${day} into the same place.`);
}
