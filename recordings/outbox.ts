import { randomUUID } from 'node:crypto';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Folder } from '../storage/folder.ts';
import { type Place, readAll } from '../storage/place.ts';
import { makePrivate } from './kept.ts';
import { CALL_FILE, recordingStart } from './names.ts';
import { host, runs } from './processes.ts';

/** The folder of a process, by its machine and its number. */
const NAME = /^([\w.-]+)\.(\d{1,10})\.[0-9a-f-]{36}\.out$/;
/** A recording grows each second. Of processes on other machines nothing else is known. */
const ABANDONED_MS = 3_600_000;
const EVERY_MS = 60_000;

export interface OutboxOptions {
  /** How long a recording waits for a store that is away, in milliseconds since it began. */
  retentionMs: number;
  /** Whether a recording, by its path below the outbox, is still being written. */
  isOpen: (path: string) => boolean;
  /** Called when a round ends with something that could not be sent, and when one has sent something. */
  onRound: (error: unknown) => void;
}

/**
 * Recordings on their way to a bucket: a folder of this machine holds each until it is whole and sent. What a process leaves
 * there that is killed, another one sends.
 */
export class Outbox {
  /** Where recordings are written, in folders as they have at the place where they are kept. */
  readonly folder: string;
  readonly #waiting: string;
  readonly #place: Promise<Place>;
  readonly #options: OutboxOptions;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #again = false;

  /** @param waiting - where all processes of this machine have their outboxes */
  constructor(waiting: string, place: Promise<Place>, options: OutboxOptions) {
    this.#waiting = waiting;
    this.#place = place;
    this.#options = options;
    this.folder = join(waiting, `${own()}.${randomUUID()}.out`);
  }

  /** Makes the folder. @throws PlaceError, or the system's error. */
  async open(): Promise<void> {
    await makePrivate(this.#waiting);
    await makePrivate(this.folder);
  }

  /** Sends now and then from here on; does not keep the process alive. */
  start(): void {
    void this.send();
    this.#timer = setInterval(() => void this.send(), EVERY_MS).unref();
  }

  /** Sends what is whole, of this process and of those that are no more. Never throws. */
  send(): Promise<void> {
    if (this.#round !== undefined) this.#again = true;
    this.#round ??= this.#sendAll().finally(() => {
      this.#round = undefined;
      if (!this.#again) return;
      this.#again = false;
      void this.send();
    });
    return this.#round;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #sendAll(): Promise<void> {
    let failed: unknown;
    const fail = (error: unknown) => {
      failed ??= error;
    };
    for (const name of await readdir(this.#waiting).catch(() => [])) {
      const isOwn = name.startsWith(`${own()}.`) && NAME.test(name);
      const folder = isOwn ? join(this.#waiting, name) : await takeOver(this.#waiting, name);
      if (folder !== undefined) await this.#sendFolder(folder).catch(fail);
    }
    this.#options.onRound(failed);
  }

  async #sendFolder(path: string): Promise<void> {
    const folder = new Folder(path);
    const place = await this.#place;
    const { retentionMs, isOpen } = this.#options;
    const waiting: string[] = [];
    for await (const file of folder.walk('')) waiting.push(file);
    for (const file of waiting) {
      const startUs = recordingStart(file.slice(file.lastIndexOf('/') + 1));
      if (startUs === undefined || isOpen(file)) continue;
      if (Date.now() - startUs / 1_000 > retentionMs) await folder.remove(file);
      else await send(path, file, place);
      const call = file.slice(0, file.lastIndexOf('/'));
      if ((await folder.list(call)).every((name) => name === CALL_FILE)) await folder.remove(call);
    }
    if (path !== this.folder && !waiting.some(isOpen) && (await isEmpty(folder))) await folder.remove('');
  }
}

/** Its call's file first, so that it is known whose it is. */
async function send(folder: string, file: string, place: Place): Promise<void> {
  const beside = `${file.slice(0, file.lastIndexOf('/'))}/${CALL_FILE}`;
  const whose = await readAll(new Folder(folder), beside);
  if (whose !== undefined) await place.put(beside, whose);
  await place.adopt(join(folder, file), file);
}

async function isEmpty(folder: Folder): Promise<boolean> {
  for await (const _ of folder.walk('')) return false;
  return true;
}

/** The folder of a process that is no more, under a name of this one: only one process has it then. */
async function takeOver(waiting: string, name: string): Promise<string | undefined> {
  const [, machine, pid] = NAME.exec(name) ?? [];
  if (machine === undefined) return undefined;
  const from = join(waiting, name);
  if (machine === host() ? runs(Number(pid)) : !(await isAbandoned(from))) return undefined;
  const to = join(waiting, `${own()}.${randomUUID()}.out`);
  return rename(from, to).then(
    () => to,
    () => undefined,
  );
}

async function isAbandoned(path: string): Promise<boolean> {
  const folder = new Folder(path);
  for await (const file of folder.walk('')) {
    const seen = await folder.stat(file);
    if (seen !== undefined && Date.now() - seen.modifiedMs < ABANDONED_MS) return false;
  }
  return true;
}

const own = (): string => `${host()}.${process.pid}`;
