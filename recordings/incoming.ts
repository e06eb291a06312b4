import { randomUUID } from 'node:crypto';
import { createWriteStream, type WriteStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Micros } from '../model/facts.ts';
import { Folder } from '../storage/folder.ts';
import { type Kept, makePrivate } from './kept.ts';
import { CALL_FILE, callFile, callPath, recordingName } from './names.ts';
import { oggSeconds } from './ogg.ts';
import { host, runs } from './processes.ts';

const NAME = /^([\w.-]+)\.(\d{1,10})\.[0-9a-f-]{36}\.part$/;
const FILE_MODE = 0o600;
/** No upload goes on for so long without a byte. Of processes on other machines nothing else is known. */
const ABANDONED_MS = 3_600_000;

/** A recording on its way in. No one sees it before it is whole. */
export class IncomingRecording {
  readonly #kept: Kept;
  readonly #path: string;
  #file: WriteStream | undefined;
  #isDiscarded = false;

  constructor(kept: Kept) {
    this.#kept = kept;
    this.#path = join(kept.waiting, `${host()}.${process.pid}.${randomUUID()}.part`);
  }

  /** Where its bytes go. @throws the system's error where the folder cannot be made, or when it was discarded meanwhile. */
  async open(): Promise<WriteStream> {
    await makePrivate(dirname(this.#kept.waiting)).catch(() => {});
    await makePrivate(this.#kept.waiting);
    if (this.#isDiscarded) throw new Error('The recording was discarded.');
    this.#file = createWriteStream(this.#path, { flags: 'wx', mode: FILE_MODE });
    return this.#file;
  }

  /** Whether what came is a recording: Ogg Opus, from its first page to its last. */
  async isWhole(): Promise<boolean> {
    const file = await new Folder(dirname(this.#path)).open(basename(this.#path));
    if (file === undefined) return false;
    try {
      return (await oggSeconds(file)) !== undefined;
    } finally {
      await file.close();
    }
  }

  /**
   * Puts it among the recordings of its call, durably; the same one again replaces it.
   * @throws the system's error, or the store's.
   */
  async keep(callId: string, startUs: Micros, tenant?: string): Promise<void> {
    const { place } = this.#kept;
    const folder = callPath(callId, tenant);
    await place.put(`${folder}/${CALL_FILE}`, callFile(callId));
    await place.adopt(this.#path, `${folder}/${recordingName(startUs, 'ogg')}`);
  }

  /** Leaves nothing of it, unless it was kept. */
  async discard(): Promise<void> {
    this.#isDiscarded = true;
    const file = this.#file;
    // Not before it is closed: it may be about to be made.
    if (file !== undefined && !file.closed)
      await new Promise<void>((resolve) => file.once('close', () => resolve()).destroy());
    await rm(this.#path, { force: true }).catch(() => {});
  }
}

/**
 * Deletes what processes that are no more have left of uploads: those of this machine that do not run, and any that were left alone
 * for an hour. To be called when a receiver starts, and now and then. Never throws.
 */
export async function sweepIncoming(folder: string, nowMs: number = Date.now()): Promise<number> {
  let count = 0;
  for (const name of await readdir(folder).catch(() => [])) {
    const [, machine, pid] = NAME.exec(name) ?? [];
    if (machine === undefined) continue;
    const path = join(folder, name);
    const { mtimeMs } = (await stat(path).catch(() => undefined)) ?? { mtimeMs: nowMs };
    if (nowMs - mtimeMs <= ABANDONED_MS && !(machine === host() && !runs(Number(pid)))) continue;
    await rm(path, { force: true }).then(
      () => {
        count += 1;
      },
      () => {},
    );
  }
  return count;
}
