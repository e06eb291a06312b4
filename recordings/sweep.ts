import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_TENANT } from '../model/tenant.ts';
import { sweepIncoming } from './incoming.ts';
import { CALL_FILE, recordingStart } from './names.ts';

const BUCKET = /^[0-9a-f]{2}$/;
const CALL = /^[0-9a-f]{40}$/;
const TENANT = /^@/;
/** A call may go on, or wait for its rows. */
const SETTLED_MS = 86_400_000;

export interface SweepOptions {
  folder: string;
  /** How long a recording stays after it began, in milliseconds. */
  retentionMs: number;
  /**
   * Of calls of a tenant, by their ids, those that were deleted; a recording whose call was is deleted a day after it
   * began. (Default: none is known to be.)
   */
  deleted?: (tenant: string, callIds: readonly string[]) => Promise<ReadonlySet<string>>;
}

/**
 * Deletes recordings that have expired, and those of calls that were deleted. What is not named as a recording stays.
 * @returns how many calls' recordings were deleted.
 * @throws what `deleted` throws, or the file system's error for the folder itself.
 */
export async function sweepRecordings(options: SweepOptions, nowMs: number = Date.now()): Promise<number> {
  let count = 0;
  const names = await readdir(options.folder);
  for (const name of names) {
    const path = join(options.folder, name);
    if (BUCKET.test(name)) count += await sweepBucket(path, DEFAULT_TENANT, options, nowMs);
    else if (TENANT.test(name))
      for (const bucket of await readdir(path).catch(() => []))
        if (BUCKET.test(bucket))
          count += await sweepBucket(join(path, bucket), name.slice(1), options, nowMs);
  }
  return count;
}

async function sweepBucket(
  bucket: string,
  tenant: string,
  { retentionMs, deleted }: SweepOptions,
  nowMs: number,
): Promise<number> {
  const settled = new Map<string, string>();
  let count = 0;
  for (const name of await readdir(bucket).catch(() => [])) {
    if (!CALL.test(name)) continue;
    const path = join(bucket, name);
    const ageMs = nowMs - (await newestMs(path));
    if (ageMs > retentionMs) count += await removed(path);
    else if (ageMs > SETTLED_MS && deleted !== undefined) {
      const callId = await callIdIn(path);
      if (callId !== undefined) settled.set(callId, path);
    }
  }
  if (settled.size === 0 || deleted === undefined) return count;
  for (const callId of await deleted(tenant, [...settled.keys()]))
    count += await removed(settled.get(callId) ?? '');
  return count;
}

/** When the newest recording in the folder of a call began; of a folder without one, when that was made. */
async function newestMs(path: string): Promise<number> {
  const starts = (await readdir(path).catch(() => [])).flatMap((name) => recordingStart(name) ?? []);
  if (starts.length > 0) return Math.max(...starts) / 1_000;
  return (await stat(path).catch(() => undefined))?.mtimeMs ?? Number.POSITIVE_INFINITY;
}

async function callIdIn(path: string): Promise<string | undefined> {
  try {
    const { call_id } = JSON.parse(await readFile(join(path, CALL_FILE), 'utf8')) as { call_id?: unknown };
    return typeof call_id === 'string' ? call_id : undefined;
  } catch {
    return undefined;
  }
}

const removed = (path: string): Promise<number> =>
  path === ''
    ? Promise.resolve(0)
    : rm(path, { recursive: true, force: true }).then(
        () => 1,
        () => 0,
      );

/**
 * Sweeps now and then until it is stopped: once within the first `everyMs` at a random time, then each `everyMs`. (Default: one
 * hour.) Any number of processes may do so. Never throws, and does not keep the process alive.
 */
export function keepSweeping(
  options: SweepOptions & { everyMs?: number; onError?: (error: unknown) => void },
): () => void {
  const { everyMs = 3_600_000, onError = () => {} } = options;
  let timer: NodeJS.Timeout;
  const schedule = (delayMs: number) => {
    timer = setTimeout(() => {
      void sweepIncoming(options.folder);
      void sweepRecordings(options)
        .catch(onError)
        .finally(() => schedule(everyMs));
    }, delayMs).unref();
  };
  schedule(Math.random() * everyMs);
  return () => clearTimeout(timer);
}
