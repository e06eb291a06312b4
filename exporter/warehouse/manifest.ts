import type { Micros } from '../../model/facts.ts';
import { isoInstant } from '../../model/row-json.ts';
import { type Place, readText } from '../../storage/place.ts';
import type { Format } from './formats.ts';
import type { Table } from './tables.ts';

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
  return name === undefined ? undefined : read(place, `${MANIFESTS}/day=${day}/${name}`);
}

/** Any batch of the place: all of them have the same format. Undefined: there is none. */
export async function anyBatch(place: Place): Promise<Batch | undefined> {
  for (const name of (await place.list(MANIFESTS)).reverse()) {
    const batch = name.startsWith('day=') ? await lastBatch(place, name.slice('day='.length)) : undefined;
    if (batch !== undefined) return batch;
  }
  return undefined;
}

const read = async (place: Place, path: string): Promise<Batch> =>
  JSON.parse(await readText(place, path)) as Batch;

/**
 * Makes a batch exported, whose files are whole and in `staged`: at once, as its manifest appears. Then the files get their
 * names; a process that dies in between leaves that to the next one.
 * @returns false where another process has exported the same.
 */
export async function commit(place: Place, batch: Omit<Batch, 'finalizedUntil'>): Promise<boolean> {
  const manifest: Batch = { ...batch, finalizedUntil: isoInstant(batch.finalizedUntilUs) };
  const text = `${JSON.stringify(manifest, undefined, 2)}\n`;
  if (!(await place.putOnce(manifestPath(batch.day, batch.number), text))) {
    await place.remove(batch.staged);
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
  for (const name of await place.list(STAGED)) {
    const [, day = '', digits = ''] = /^day=([\d-]+)\.(\d+)\./.exec(name) ?? [];
    const path = manifestPath(day, Number(digits));
    // Without a manifest it may be of a process that is alive; it goes once another has exported that batch.
    if ((await place.stat(path)) === undefined) continue;
    const batch = await read(place, path);
    if (batch.staged === `${STAGED}/${name}`) await publish(place, batch);
    else await place.remove(`${STAGED}/${name}`);
  }
}
