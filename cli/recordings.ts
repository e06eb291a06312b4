import type { Log } from '../exporter/receiver/index.ts';
import { errorClass } from '../exporter/store/index.ts';
import { SETTINGS, type Settings } from '../model/settings.ts';
import { type Kept, openKept, probeKept } from '../recordings/kept.ts';
import { PlaceError } from '../storage/open-place.ts';
import { UsageError } from './command.ts';

/**
 * Where recordings are kept; undefined where none are. A store that is away is one to come back.
 * @throws UsageError for what cannot be used.
 */
export async function keptRecordings({ recordings }: Settings, log: Log): Promise<Kept | undefined> {
  if (recordings === undefined) return undefined;
  const kept = await refused(openKept(recordings));
  await refused(
    probeKept(kept, (error) => log.warn('recordings cannot be kept now', { error: errorClass(error) })),
  );
  return kept;
}

/** Whether recordings can be read there, as far as their name says. @throws UsageError */
export async function checkRecordings({ recordings }: Settings): Promise<void> {
  if (recordings !== undefined) await refused(openKept(recordings));
}

const refused = <T>(work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    if (!(error instanceof PlaceError)) throw error;
    throw new UsageError(
      `${SETTINGS.recordings.key}: ${error.message}. It is to name a folder that can be written, or s3://BUCKET/PREFIX.`,
    );
  });
