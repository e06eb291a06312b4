import type { WorldCall } from '../../demo/world.ts';
import { errorClass } from '../../exporter/store/index.ts';
import { safeText } from '../../model/safe-text.ts';
import { CALL_FILE, callFile, callPath, recordingName } from '../../recordings/names.ts';
import { BYTES_PER_SAMPLE, wavHeader } from '../../recordings/wav.ts';
import { Folder } from '../../storage/folder.ts';
import { CommandError } from '../command.ts';

/** Beside the recording of a call: what its caller knows of it. */
const TRUTH_FILE = 'truth.json';

/** Keeps what the callers of the demo said and heard, where and as recordings are kept. @throws CommandError */
export async function keepCallers(folder: string, calls: readonly WorldCall[]): Promise<void> {
  const place = new Folder(folder, { isPrivate: true });
  try {
    await place.probe();
    for (const { callSid, scenario, recorded, turns } of calls) {
      const { stereo, startedMicros } = recorded;
      const path = callPath(callSid);
      const file = Buffer.concat([wavHeader(stereo.length / BYTES_PER_SAMPLE), stereo]);
      await place.put(`${path}/${recordingName(startedMicros)}`, file);
      await place.put(`${path}/${CALL_FILE}`, callFile(callSid));
      await place.put(`${path}/${TRUTH_FILE}`, JSON.stringify({ scenario, turns }, null, 2));
    }
  } catch (cause) {
    throw new CommandError(`--record: ${safeText(folder)} cannot be written (${errorClass(cause)}).`, {
      cause,
    });
  }
}
