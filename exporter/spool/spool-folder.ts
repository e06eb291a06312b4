import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Where spans wait when no folder is set: `earshot-spool` in the temporary folder, and in it one folder for each
 * database. Processes of one machine share it, and must not bring the calls of one database into another.
 *
 * @param url Of the database; its password and account may change. Absent: an open database, which says nothing of itself.
 */
export function defaultSpoolFolder(url: string | undefined): string {
  const shared = join(tmpdir(), 'earshot-spool');
  if (url === undefined) return shared;
  const target = URL.canParse(url) ? `${new URL(url).host}${new URL(url).pathname}` : url;
  return join(shared, createHash('sha256').update(target).digest('hex').slice(0, 16));
}
