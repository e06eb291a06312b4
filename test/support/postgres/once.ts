import { createHash } from 'node:crypto';
import { access, chown, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from './account.ts';

/**
 * The folder in `parent` that `make` fills for `key`, such as a path: made by the first that asks, its owner is the
 * account. Of several processes that ask at the same time each makes one, and one of them stays.
 */
export async function madeOnce(
  parent: string,
  { what, key, account }: { what: string; key: string; account: Account | undefined },
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(parent, `${what}-${createHash('sha256').update(key).digest('hex').slice(0, 12)}`);
  if (await exists(folder)) return folder;
  const mine = await mkdtemp(`${folder}-`);
  if (account !== undefined) await chown(mine, account.uid, account.gid);
  await make(mine);
  await rename(mine, folder).catch(async (error) => {
    if (!(await exists(folder))) throw error;
    await rm(mine, { recursive: true, force: true });
  });
  return folder;
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
