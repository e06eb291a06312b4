import type { CallMetricsRow } from '../../exporter/store/index.ts';
import { callPath } from '../../recordings/names.ts';
import { hasPeaks } from '../../recordings/peaks.ts';
import { listRecordings, type Recording } from '../../recordings/recordings.ts';
import type { Place } from '../../storage/place.ts';

/** A stream begins a little before the call that it carries is known, or was recorded by another clock. */
const ROOM_US = 60_000_000;
/** Behind the id of a call: it is another one of the same id, which has its recordings in the same folder. */
const AGAIN = /#\d{1,6}$/;

/** A recording as the page has it. */
export interface PlayableRecording extends Recording {
  readonly hasPeaks: boolean;
}

/** What was recorded of one call, by when they began. @throws what the place throws when it cannot be asked. */
export async function recordingsOf(
  place: Place,
  {
    tenant,
    call_id,
    started_at,
    ended_at,
  }: Pick<CallMetricsRow, 'tenant' | 'call_id' | 'started_at' | 'ended_at'>,
): Promise<PlayableRecording[]> {
  const folder = callPath(call_id.replace(AGAIN, ''), tenant);
  const found = await listRecordings(place, folder, started_at - ROOM_US, ended_at + ROOM_US);
  return Promise.all(found.map(async (each) => ({ ...each, hasPeaks: await hasPeaks(each) })));
}
