import type { Micros } from '../../model/facts.ts';
import { isoInstant } from '../../model/row-json.ts';
import { type Place, readText } from '../../storage/place.ts';
import { FORMATS, type Format } from './formats.ts';
import { TABLES, type Table } from './tables.ts';

/**
 * What has been exported, as files of JSON beside the data: `_manifest/day=2026-11-29/000001.json` is the first batch of that
 * day. A batch holds the calls that began on the day and were finalized in its interval; the intervals of a day follow one
 * another without a gap. Engines pass over folders that begin with `_`.
 */
export interface Batch {
  /** Of UTC, as 2026-11-29. */
  readonly day: string;
  /** From 1. */
  readonly number: number;
  readonly format: Format;
  /** Before this instant: what was finalized then or later is of the next batch. */
  readonly finalizedUntilUs: Micros;
  readonly finalizedUntil: string;
  /** Where the files were written, before they had their names. */
  readonly staged: string;
  readonly files: readonly BatchFile[];
}

export interface BatchFile {
  readonly table: Table;
  readonly path: string;
  readonly rows: number;
}

/** Something of the place is not as it must be. */
export class ExportError extends Error {
  override name = 'ExportError';
}

const MANIFESTS = '_manifest';
const STAGED = '_tmp';

const manifestPath = (day: string, number: number): string =>
  `${MANIFESTS}/day=${day}/${numbered(number)}.json`;

const numbered = (number: number): string => String(number).padStart(6, '0');

/** Where the file of a table is once it is exported. */
export const partPath = (
  table: Table,
  { day, number, format }: Pick<Batch, 'day' | 'number' | 'format'>,
): string => `${table}/day=${day}/part-${numbered(number)}.${format}`;

/** A folder for the files of a batch that is being written. `unique`: no other process has it. */
export const stagedPath = (day: string, number: number, unique: string): string =>
  `${STAGED}/day=${day}.${numbered(number)}.${unique}`;

/** Where the file of a table is written. */
export const stagedFile = (staged: string, table: Table): string => `${staged}/${table}`;

/** The last batch of a day. */
export async function lastBatch(place: Place, day: string): Promise<Batch | undefined> {
  const name = (await place.list(`${MANIFESTS}/day=${day}`)).findLast((each) => /^\d{6}\.json$/.test(each));
  return name === undefined ? undefined : read(place, day, Number(name.slice(0, -'.json'.length)));
}

/** Any batch of the place: all of them have the same format. Undefined: there is none. */
export async function anyBatch(place: Place): Promise<Batch | undefined> {
  for (const name of (await place.list(MANIFESTS)).reverse()) {
    const batch = name.startsWith('day=') ? await lastBatch(place, name.slice('day='.length)) : undefined;
    if (batch !== undefined) return batch;
  }
  return undefined;
}

/** @throws ExportError for one that no export has written: half of a file, or another's. */
async function read(place: Place, day: string, number: number): Promise<Batch> {
  const path = manifestPath(day, number);
  const batch = parsed(await readText(place, path));
  const problem = problemOf(batch, day, number);
  if (problem === undefined) return batch as Batch;
  throw new ExportError(
    `${path} in ${place.name} is damaged: ${problem}. Put back a copy of it. Without one, and while what it exported is still in the database, remove it and export again: that batch is then written once more, over its files.`,
  );
}

/** Undefined: it is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Unchecked<T> = { readonly [Field in keyof T]?: unknown };

function problemOf(value: unknown, day: string, number: number): string | undefined {
  if (value === undefined) return 'it is not JSON';
  const batch = (value ?? {}) as Unchecked<Batch>;
  const format = FORMAT_NAMES.find((name) => name === batch.format);
  const isFile = (value: unknown): boolean => {
    const file = (value ?? {}) as Unchecked<BatchFile>;
    const table = TABLE_NAMES.find((name) => name === file.table);
    return (
      table !== undefined && format !== undefined && file.path === partPath(table, { day, number, format })
    );
  };
  if (batch.day !== day) return `its day is not ${day}`;
  if (batch.number !== number) return `its number is not ${number}`;
  if (format === undefined) return `its format is none of ${FORMAT_NAMES.join(', ')}`;
  if (!Number.isSafeInteger(batch.finalizedUntilUs)) return 'its finalizedUntilUs is no instant';
  if (typeof batch.staged !== 'string' || !STAGED_NAME.test(batch.staged))
    return 'its staged is no folder of it';
  return Array.isArray(batch.files) && batch.files.every(isFile)
    ? undefined
    : 'its files are not those of a batch';
}

const FORMAT_NAMES = Object.keys(FORMATS) as Format[];
const TABLE_NAMES = Object.keys(TABLES) as Table[];
/** As `stagedPath` has it. */
const STAGED_NAME = /^_tmp\/day=[\w.-]+$/;

/**
 * Makes a batch exported, whose files are whole and in `staged`: at once, as its manifest appears. Then the files get their
 * names; a process that dies in between leaves that to the next one.
 * @returns false where another process has exported the same.
 * @throws ExportError where the files have gone, as those of a process that was stopped for a day.
 */
export async function commit(place: Place, batch: Omit<Batch, 'finalizedUntil'>): Promise<boolean> {
  const { day, number, staged } = batch;
  for (const { table } of batch.files) {
    if ((await place.stat(stagedFile(staged, table))) !== undefined) continue;
    await place.remove(staged);
    if ((await place.stat(manifestPath(day, number))) !== undefined) return false;
    throw new ExportError(`What was written of ${day} has been removed meanwhile. Export again.`);
  }
  const manifest: Batch = { ...batch, finalizedUntil: isoInstant(batch.finalizedUntilUs) };
  const text = `${JSON.stringify(manifest, undefined, 2)}\n`;
  if (!(await place.putOnce(manifestPath(day, number), text))) {
    await place.remove(staged);
    return false;
  }
  await publish(place, manifest);
  return true;
}

async function publish(place: Place, { staged, files }: Batch): Promise<void> {
  for (const { table, path } of files) {
    const from = stagedFile(staged, table);
    if ((await place.stat(from)) !== undefined) await place.move(from, path);
  }
  await place.remove(staged);
}

/** Ends what processes that died have begun: what they exported gets its names, the rest of it goes. */
export async function recover(place: Place): Promise<void> {
  for (const { batch, staged } of await stagedBatches(place))
    if (batch?.staged === staged) await publish(place, batch);
  await sweep(place);
}

/** Removes what was staged and comes to nothing: of a batch that another has exported, or of a process that has long gone. */
export async function sweep(place: Place): Promise<void> {
  for (const { batch, staged } of await stagedBatches(place)) {
    const isLeft = batch === undefined ? await isAbandoned(place, staged) : batch.staged !== staged;
    if (isLeft) await place.remove(staged);
  }
}

/** The folders of batches that are, or were, being written, each with what is exported of its batch. */
async function stagedBatches(
  place: Place,
): Promise<{ readonly staged: string; readonly batch: Batch | undefined }[]> {
  const found = [];
  for (const name of await place.list(STAGED)) {
    const [, day = '', digits = ''] = /^day=([\d-]+)\.(\d+)\./.exec(name) ?? [];
    const isExported = (await place.stat(manifestPath(day, Number(digits)))) !== undefined;
    const batch = isExported ? await read(place, day, Number(digits)) : undefined;
    found.push({ staged: `${STAGED}/${name}`, batch });
  }
  return found;
}

/** Between two pages that a process writes no more than minutes pass. */
const ABANDONED_MS = 86_400_000;

/** Whether nothing was written there for a day. Where there is no file yet, one may be about to begin. */
async function isAbandoned(place: Place, staged: string): Promise<boolean> {
  let latestMs: number | undefined;
  for await (const path of place.walk(staged))
    latestMs = Math.max(latestMs ?? 0, (await place.stat(path))?.modifiedMs ?? Date.now());
  return latestMs !== undefined && Date.now() - latestMs > ABANDONED_MS;
}
