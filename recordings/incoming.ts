import { randomUUID } from 'node:crypto';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Micros } from '../model/facts.ts';
import { DEFAULT_TENANT } from '../model/tenant.ts';
import { CALL_FILE, callFolder, recordingName } from './names.ts';
import { oggSeconds } from './ogg.ts';

/** Beside the folders of calls: what has not come to its end. */
const INCOMING = '.incoming';
const NAME = /^([\w.-]+)\.(\d{1,10})\.[0-9a-f-]{36}\.part$/;
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** No upload goes on for so long without a byte. Of processes on other machines nothing else is known. */
const ABANDONED_MS = 3_600_000;

/** A recording on its way in. No one sees it before it is whole. */
export class IncomingRecording {
  readonly #folder: string;
  readonly #path: string;
  #file: WriteStream | undefined;
  #isDiscarded = false;

  /** @param folder - of recordings; made where it is missing */
  constructor(folder: string) {
    this.#folder = resolve(folder);
    const host = hostname().replace(/[^\w.-]/g, '_');
    this.#path = join(this.#folder, INCOMING, `${host}.${process.pid}.${randomUUID()}.part`);
  }

  /** Where its bytes go. @throws the system's error where the folder cannot be made, or when it was discarded meanwhile. */
  async open(): Promise<WriteStream> {
    await makeFolders(this.#folder, join(this.#folder, INCOMING));
    if (this.#isDiscarded) throw new Error('The recording was discarded.');
    this.#file = createWriteStream(this.#path, { flags: 'wx', mode: FILE_MODE });
    return this.#file;
  }

  /** Whether what came is a recording: Ogg Opus, from its first page to its last. */
  async isWhole(): Promise<boolean> {
    const handle = await open(this.#path, 'r');
    try {
      return (await oggSeconds(handle, (await handle.stat()).size)) !== undefined;
    } finally {
      await handle.close();
    }
  }

  /** Puts it among the recordings of its call, durably; the same one again replaces it. @throws the system's error. */
  async keep(callId: string, startUs: Micros, tenant: string = DEFAULT_TENANT): Promise<void> {
    const folder = callFolder(this.#folder, callId, tenant);
    await makeFolders(dirname(dirname(folder)), dirname(folder), folder);
    await writeFile(join(folder, CALL_FILE), `${JSON.stringify({ call_id: callId })}\n`, { mode: FILE_MODE });
    await sync(this.#path);
    await rename(this.#path, join(folder, recordingName(startUs, 'ogg')));
    await sync(folder);
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

/** One by one: of Node's `recursive`, a place where none can be made (`/proc/x`) makes a loop without an end. */
async function makeFolders(...paths: readonly string[]): Promise<void> {
  for (const path of paths)
    await mkdir(path, FOLDER_MODE).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Deletes what processes that are no more have left of uploads: those of this machine that do not run, and any that were left alone
 * for an hour. To be called when a receiver starts, and now and then. Never throws.
 */
export async function sweepIncoming(folder: string, nowMs: number = Date.now()): Promise<number> {
  let count = 0;
  const incoming = join(folder, INCOMING);
  for (const name of await readdir(incoming).catch(() => [])) {
    const [, host, pid] = NAME.exec(name) ?? [];
    if (host === undefined) continue;
    const path = join(incoming, name);
    const { mtimeMs } = (await stat(path).catch(() => undefined)) ?? { mtimeMs: nowMs };
    const isOurs = host === hostname().replace(/[^\w.-]/g, '_');
    if (nowMs - mtimeMs <= ABANDONED_MS && !(isOurs && !runs(Number(pid)))) continue;
    await rm(path, { force: true }).then(
      () => {
        count += 1;
      },
      () => {},
    );
  }
  return count;
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
