import { resolve } from 'node:path';
import type { CallMetricsRow } from '../../exporter/store/index.ts';
import { callFolder } from '../../recordings/names.ts';
import { listRecordings, type Recording } from '../../recordings/recordings.ts';

/** A stream begins a little before the call that it carries is known, or was recorded by another clock. */
const ROOM_US = 60_000_000;
/** Behind the id of a call: it is another one of the same id, which has its recordings in the same folder. */
const AGAIN = /#\d{1,6}$/;

/** What was recorded of calls. */
export class Recordings {
  readonly #folder: string | undefined;

  constructor(folder: string | undefined) {
    this.#folder = folder && resolve(folder);
  }

  /** Of one call, by when they began. */
  async of({
    tenant,
    call_id,
    started_at,
    ended_at,
  }: Pick<CallMetricsRow, 'tenant' | 'call_id' | 'started_at' | 'ended_at'>): Promise<Recording[]> {
    if (this.#folder === undefined) return [];
    const folder = callFolder(this.#folder, call_id.replace(AGAIN, ''), tenant);
    return listRecordings(folder, started_at - ROOM_US, ended_at + ROOM_US);
  }
}
