import { DEFAULT_TENANT } from '../model/tenant.ts';
import { type Place, readText } from '../storage/place.ts';
import { Turns } from '../storage/turns.ts';
import { sweepIncoming } from './incoming.ts';
import type { Kept } from './kept.ts';
import { CALL_FILE, recordingStart } from './names.ts';

/** A file of a call: the folder of its recordings, the tenant, the name. What is not named so was not made here. */
const FILE = /^((?:@([^/]+)\/)?[0-9a-f]{2}\/[0-9a-f]{40})\/([^/]+)$/;
/** A call may go on, or wait for its rows. */
const SETTLED_MS = 86_400_000;
/** Calls that are asked about at a time, and files that are read at once. */
const BATCH = 500;
const READ_AT_ONCE = 8;
const EVERY_MS = { folder: 3_600_000, bucket: 86_400_000 };

export interface SweepOptions {
  place: Place;
  /** How long a recording stays after it began, in milliseconds. */
  retentionMs: number;
  /**
   * Of calls of a tenant, by their ids, those that were deleted; a recording whose call was is deleted a day after it
   * began. (Default: none is known to be.)
   */
  deleted?: (tenant: string, callIds: readonly string[]) => Promise<ReadonlySet<string>>;
}

/** What is kept of a call. */
interface KeptCall {
  readonly path: string;
  readonly tenant: string;
  readonly names: string[];
}

/**
 * Deletes recordings that have expired, and those of calls that were deleted. What is not named as a recording stays.
 * @returns how many calls' recordings were deleted.
 * @throws what `deleted` throws, or the place.
 */
export async function sweepRecordings(options: SweepOptions, nowMs: number = Date.now()): Promise<number> {
  const { place, retentionMs, deleted } = options;
  let count = 0;
  let settled: KeptCall[] = [];
  const remove = async (call: KeptCall) => {
    count += await place.remove(call.path).then(
      () => 1,
      () => 0,
    );
  };
  const ask = async () => {
    for (const call of await deletedOf(place, settled, deleted)) await remove(call);
    settled = [];
  };
  for await (const call of keptCalls(place)) {
    const ageMs = nowMs - (await newestMs(place, call, nowMs));
    if (ageMs > retentionMs) await remove(call);
    else if (ageMs > SETTLED_MS) settled.push(call);
    if (settled.length === BATCH) await ask();
  }
  await ask();
  return count;
}

async function* keptCalls(place: Place): AsyncGenerator<KeptCall> {
  let call: KeptCall | undefined;
  for await (const file of place.walk('')) {
    const [, path, tenant = DEFAULT_TENANT, name] = FILE.exec(file) ?? [];
    if (path === undefined || name === undefined) continue;
    if (call !== undefined && call.path !== path) yield call;
    if (call?.path === path) call.names.push(name);
    else call = { path, tenant, names: [name] };
  }
  if (call !== undefined) yield call;
}

/**
 * When the newest recording of a call began; where there is none, or it says that it began in the future (a clock was off), when its
 * files were made: it would never be old.
 */
async function newestMs(place: Place, { path, names }: KeptCall, nowMs: number): Promise<number> {
  const starts = names.flatMap((name) => recordingStart(name) ?? []);
  const startMs = Math.max(...starts) / 1_000;
  if (starts.length > 0 && startMs <= nowMs) return startMs;
  const seen = await place.stat(`${path}/${names[0]}`).catch(() => undefined);
  return seen?.modifiedMs ?? Number.POSITIVE_INFINITY;
}

async function deletedOf(
  place: Place,
  calls: readonly KeptCall[],
  deleted: SweepOptions['deleted'],
): Promise<KeptCall[]> {
  if (deleted === undefined) return [];
  const reading = new Turns(READ_AT_ONCE);
  const tenants = new Map<string, Map<string, KeptCall>>();
  await Promise.all(
    calls.map(async (call) => {
      const callId = await reading.take(() => callIdOf(place, call));
      if (callId === undefined) return;
      const known = tenants.get(call.tenant);
      if (known === undefined) tenants.set(call.tenant, new Map([[callId, call]]));
      else known.set(callId, call);
    }),
  );
  const found: KeptCall[] = [];
  for (const [tenant, known] of tenants)
    for (const callId of await deleted(tenant, [...known.keys()])) {
      const call = known.get(callId);
      if (call !== undefined) found.push(call);
    }
  return found;
}

async function callIdOf(place: Place, { path, names }: KeptCall): Promise<string | undefined> {
  if (!names.includes(CALL_FILE)) return undefined;
  try {
    const { call_id } = JSON.parse(await readText(place, `${path}/${CALL_FILE}`)) as { call_id?: unknown };
    return typeof call_id === 'string' ? call_id : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Sweeps now and then until it is stopped: once within the first `everyMs` at a random time, then each `everyMs`. (Default: one
 * hour, or a day where each look costs money.) Any number of processes may do so. Never throws, and does not keep the process
 * alive.
 */
export function keepSweeping(
  options: Omit<SweepOptions, 'place'> & {
    kept: Kept;
    everyMs?: number;
    onError?: (error: unknown) => void;
  },
): () => void {
  const { kept, onError = () => {} } = options;
  const { place, waiting } = kept;
  const { everyMs = place.isRemote ? EVERY_MS.bucket : EVERY_MS.folder } = options;
  let timer: NodeJS.Timeout;
  const schedule = (delayMs: number) => {
    timer = setTimeout(() => {
      void sweepIncoming(waiting);
      void sweepRecordings({ ...options, place })
        .catch(onError)
        .finally(() => schedule(everyMs));
    }, delayMs).unref();
  };
  schedule(Math.random() * everyMs);
  return () => clearTimeout(timer);
}
