import type { Micros } from '../model/facts.ts';
import type { Place } from '../storage/place.ts';
import { type RecordingFormat, recordingNamed } from './names.ts';
import { oggSeconds } from './ogg.ts';
import { SAMPLE_RATE, samplesIn } from './wav.ts';

/** A recording of a call. */
export interface Recording {
  /** The instant of its first sample. */
  readonly startUs: Micros;
  /** Below the place where recordings are kept. */
  readonly path: string;
  readonly format: RecordingFormat;
  /** Of the file. */
  readonly bytes: number;
  readonly seconds: number;
}

/**
 * The recordings in the folder of a call that began in a stretch of time, in that order. None: an empty list.
 * @throws what the place throws when it cannot be asked.
 */
export async function listRecordings(
  place: Place,
  folder: string,
  fromUs = 0,
  untilUs = Number.POSITIVE_INFINITY,
): Promise<Recording[]> {
  const named = (await place.list(folder))
    .flatMap((name) => {
      const known = recordingNamed(name);
      return known === undefined ? [] : { ...known, path: `${folder}/${name}` };
    })
    .filter(({ startUs }) => startUs >= fromUs && startUs <= untilUs)
    .sort((a, b) => a.startUs - b.startUs);
  const found = await Promise.all(named.map((each) => measured(place, each)));
  return found.flatMap((recording) => recording ?? []);
}

/** With its length; undefined for one without any. */
async function measured(
  place: Place,
  named: Pick<Recording, 'startUs' | 'path' | 'format'>,
): Promise<Recording | undefined> {
  const file = await place.open(named.path);
  if (file === undefined) return undefined;
  try {
    const { bytes } = file;
    const seconds = named.format === 'wav' ? samplesIn(bytes) / SAMPLE_RATE : await oggSeconds(file);
    return seconds === undefined || seconds === 0 ? undefined : { ...named, bytes, seconds };
  } finally {
    await file.close();
  }
}
