import { accessSync, constants, statSync } from 'node:fs';
import { errorClass } from '../../exporter/store/errors.ts';
import type { Finding } from './finding.ts';

const CURE = 'EARSHOT_RECORDINGS is to name a folder that agents may write to, and the page may read.';

/** The folder of recordings. */
export function recordingsFinding(folder: string): Finding {
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
