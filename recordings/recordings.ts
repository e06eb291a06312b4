import { constants } from 'node:fs';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Micros } from '../model/facts.ts';
import { type RecordingFormat, recordingNamed } from './names.ts';
import { oggSeconds } from './ogg.ts';
import { SAMPLE_RATE, samplesIn } from './wav.ts';

/** A recording of a call. */
export interface Recording {
  /** The instant of its first sample. */
  readonly startUs: Micros;
  readonly path: string;
  readonly format: RecordingFormat;
  /** Of the file. */
  readonly bytes: number;
  readonly seconds: number;
}

/** The recordings in the folder of a call that began in a stretch of time, in that order. None: an empty list. */
export async function listRecordings(
  folder: string,
  fromUs = 0,
  untilUs = Number.POSITIVE_INFINITY,
): Promise<Recording[]> {
  const names = await readdir(folder).catch(() => []);
  const named = names
    .flatMap((name) => {
      const known = recordingNamed(name);
      return known === undefined ? [] : { ...known, path: join(folder, name) };
    })
    .filter(({ startUs }) => startUs >= fromUs && startUs <= untilUs)
    .sort((a, b) => a.startUs - b.startUs);
  const found = await Promise.all(named.map(measured));
  return found.flatMap((recording) => recording ?? []);
}

/** With its length; undefined for one without any. */
async function measured(
  named: Pick<Recording, 'startUs' | 'path' | 'format'>,
): Promise<Recording | undefined> {
  const handle = await openRecording(named.path);
  if (handle === undefined) return undefined;
  try {
    const bytes = (await handle.stat()).size;
    const seconds = named.format === 'wav' ? samplesIn(bytes) / SAMPLE_RATE : await oggSeconds(handle, bytes);
    return seconds === undefined || seconds === 0 ? undefined : { ...named, bytes, seconds };
  } finally {
    await handle.close();
  }
}

/** Opens a recording; undefined where there is none, or where its name is a link or no file. */
export async function openRecording(path: string): Promise<FileHandle | undefined> {
  const handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)).catch(() => undefined);
  if (handle === undefined || (await handle.stat()).isFile()) return handle;
  await handle.close();
  return undefined;
}
