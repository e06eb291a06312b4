import { createHash } from 'node:crypto';
import { access, chown, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { poll } from '../poll.ts';
import type { Account } from './account.ts';

/**
 * The folder in `parent` that `make` fills for `key`, such as a path: made by the first that asks, its owner is the
 * account. Of several processes that ask at the same time one makes it, and the others wait for it.
 */
export async function madeOnce(
  parent: string,
  { what, key, account }: { what: string; key: string; account: Account | undefined },
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(parent, `${what}-${createHash('sha256').update(key).digest('hex').slice(0, 12)}`);
  const maker = `${folder}.maker`;
  const mine = await poll(async () => (await exists(folder)) || (await becomeMaker(maker)), { what: folder });
  if (mine !== 'maker') return folder;
  const unfinished = await mkdtemp(`${folder}-`);
  try {
    if (account !== undefined) await chown(unfinished, account.uid, account.gid);
    await make(unfinished);
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    await rm(maker, { force: true });
    // Two took the place of one that had ended.
    if (!(await exists(folder))) throw error;
  }
  return folder;
}

/** Puts this process's id into a file that is there once. The file of one that has ended is removed, for the next look. */
async function becomeMaker(file: string): Promise<'maker' | undefined> {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' });
    return 'maker';
  } catch {
    const pid = Number(await readFile(file, 'utf8'));
    if (pid > 0 && !runs(pid)) await rm(file, { force: true });
    return undefined;
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
