import { constants } from 'node:fs';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Micros } from '../model/facts.ts';
import { recordingStart } from './names.ts';
import { SAMPLE_RATE, samplesIn } from './wav.ts';

/** A recording of a call. */
export interface Recording {
  /** The instant of its first sample. */
  readonly startUs: Micros;
  readonly path: string;
  readonly samples: number;
  readonly seconds: number;
}

/** The recordings in the folder of a call that began in a stretch of time, in that order. None: an empty list. */
export async function listRecordings(
  folder: string,
  fromUs = 0,
  untilUs = Number.POSITIVE_INFINITY,
): Promise<Recording[]> {
  const names = await readdir(folder).catch(() => []);
  const starts = names
    .flatMap((name) => recordingStart(name) ?? [])
    .filter((startUs) => startUs >= fromUs && startUs <= untilUs)
    .sort((a, b) => a - b);
  const found = await Promise.all(starts.map((startUs) => statOf(folder, startUs)));
  return found.flatMap((recording) => recording ?? []);
}

async function statOf(folder: string, startUs: Micros): Promise<Recording | undefined> {
  const path = join(folder, `${startUs}.wav`);
  const handle = await openRecording(path);
  if (handle === undefined) return undefined;
  try {
    const samples = samplesIn((await handle.stat()).size);
    return samples === 0 ? undefined : { startUs, path, samples, seconds: samples / SAMPLE_RATE };
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
