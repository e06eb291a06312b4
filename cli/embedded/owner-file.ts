import { open, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';

/** Who has the folder of an embedded database open. */
export interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly command: string;
  readonly since: string;
  /** Where others reach the database; absent while it is being opened or closed. */
  readonly url?: string;
}

/** What the owner file says, and its text, by which it is known again. */
export interface SeenOwner extends Owner {
  readonly text: string;
}

/** This process owns the folder. */
export interface Ownership {
  /** Tells others where the database is. */
  announce(url: string): Promise<void>;
  /** Tells others to wait. */
  withdraw(): Promise<void>;
  release(): Promise<void>;
}

/** A file that its writer has not filled by now never will be: it died. */
const HALF_WRITTEN_MS = 5_000;

/** Takes the folder whose owner file is at `path`; undefined when another process has it. */
export async function takeOwnership(path: string): Promise<Ownership | undefined> {
  const owner: Owner = {
    pid: process.pid,
    host: hostname(),
    // No more of the command line: what follows may be another program's, with secrets.
    command: `earshot ${process.argv[2] ?? ''}`.trim(),
    since: new Date().toISOString(),
  };
  try {
    const file = await open(path, 'wx', 0o600);
    await file.writeFile(textOf(owner));
    await file.close();
  } catch (error) {
    if (isCode(error, 'EEXIST')) return undefined;
    throw error;
  }
  const replace = async (text: string) => {
    const next = `${path}.next-${process.pid}`;
    await writeFile(next, text, { mode: 0o600 });
    await rename(next, path);
  };
  return {
    announce: (url) => replace(textOf({ ...owner, url })),
    withdraw: () => replace(textOf(owner)),
    release: () => rm(path, { force: true }),
  };
}

const textOf = (owner: Owner) => `${JSON.stringify(owner)}\n`;

/** Who has the folder; undefined when no one has, or the file is just being written. One that never will be is removed. */
export async function readOwner(path: string): Promise<SeenOwner | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return { ...(JSON.parse(text) as Owner), text };
  } catch {
    const written = await stat(path).catch(() => undefined);
    if (written !== undefined && Date.now() - written.mtimeMs > HALF_WRITTEN_MS)
      await removeStale(path, text);
    return undefined;
  }
}

/**
 * Removes the file of an owner that is gone. Of several processes that find it, one removes it; one that comes too late
 * and has taken the file of a new owner gives it back.
 */
export async function removeStale(path: string, text: string): Promise<void> {
  const aside = `${path}.stale-${process.pid}`;
  try {
    await rename(path, aside);
    if ((await readFile(aside, 'utf8')) === text) await unlink(aside);
    else await rename(aside, path);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
}

/** Whether a process of this machine is running. Its number may be another's by now. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

export const isCode = (error: unknown, ...codes: readonly string[]): boolean =>
  codes.includes((error as NodeJS.ErrnoException).code ?? '');
