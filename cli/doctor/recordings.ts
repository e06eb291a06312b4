import { accessSync, constants, statSync } from 'node:fs';
import { errorClass } from '../../exporter/store/errors.ts';
import { isAddress, openPlace, PlaceError } from '../../storage/open-place.ts';
import type { Finding } from './finding.ts';

const CURE =
  'EARSHOT_RECORDINGS is to name a folder, or s3://BUCKET/PREFIX, that agents may write to, and the page may read.';

/** Where recordings are kept. */
export async function recordingsFinding(place: string): Promise<Finding> {
  return isAddress(place) ? bucketFinding(place) : folderFinding(place);
}

/** The bucket is asked for its list, and nothing is written into it. */
async function bucketFinding(place: string): Promise<Finding> {
  const name = 'recordings';
  try {
    await (await openPlace(place)).probe();
    return { name, status: 'ok', text: place };
  } catch (error) {
    const why = error instanceof PlaceError ? error.message : errorClass(error);
    return { name, status: 'fail', text: `${place} cannot be used (${why})`, cure: CURE };
  }
}

function folderFinding(folder: string): Finding {
  const name = 'recordings';
  try {
    const there = statSync(folder, { throwIfNoEntry: false });
    if (there === undefined) return { name, status: 'ok', text: `${folder}, made with the first call` };
    if (!there.isDirectory()) return { name, status: 'fail', text: `${folder} is no folder`, cure: CURE };
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return { name, status: 'ok', text: folder };
  } catch (error) {
    return { name, status: 'fail', text: `${folder} cannot be used (${errorClass(error)})`, cure: CURE };
  }
}
