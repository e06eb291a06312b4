import { chmodSync, lstatSync, mkdirSync, realpathSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { SpoolFolder } from './spool-folder.ts';

const GROUP_AND_OTHERS = 0o077;
const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/** A folder that another user could read or change. The message says which, and what was seen. */
export class NotPrivateError extends Error {
  override name = 'NotPrivateError';
}

/**
 * Makes the folder when it is missing, mode 0700, and makes sure that no other user can read it or put anything else in
 * its place: spans can hold what was said, and what is read from here becomes rows.
 * @returns its path without links.
 * @throws NotPrivateError, or the file system's error.
 */
export function makePrivate({ path, named = false }: SpoolFolder): string {
  const folder = resolve(path);
  if (!named) assertAncestors(dirname(folder));
  makeFolders(folder);
  return assertPrivate(folder, named);
}

/**
 * The same for a folder that is there already; undefined when it is not there.
 * @throws NotPrivateError
 */
export function findPrivate({ path, named = false }: SpoolFolder): string | undefined {
  const folder = resolve(path);
  if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) return undefined;
  return assertPrivate(folder, named);
}

/** Whether a file is this user's, has one name, and is not a link: no other user has written it or can swap it. */
export function isOwnFile(file: Stats): boolean {
  return (
    file.isFile() &&
    file.nlink === 1 &&
    isOwn(file) &&
    (!hasModes() || (file.mode & WRITABLE_BY_OTHERS) === 0)
  );
}

function assertPrivate(folder: string, named: boolean): string {
  if (!named) assertAncestors(dirname(folder));
  const seen = lstatSync(folder);
  if (!seen.isDirectory()) throw refusal(folder, 'it is a link or no folder');
  if (!isOwn(seen)) throw refusal(folder, `it belongs to the user ${seen.uid}`);
  if (hasModes() && (seen.mode & GROUP_AND_OTHERS) !== 0) chmodSync(folder, 0o700);
  return realpathSync(folder);
}

/** One folder at a time: of Node's `recursive`, a place where none can be made (`/proc/x`) makes a loop without an end. */
function makeFolders(folder: string): void {
  const missing: string[] = [];
  for (let path = folder; lstatSync(path, { throwIfNoEntry: false }) === undefined; path = dirname(path))
    missing.push(path);
  for (const path of missing.reverse()) {
    try {
      mkdirSync(path, { mode: 0o700 });
    } catch (error) {
      // Another process of this user was faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/**
 * Every folder above that exists belongs to this user or to root, is not a link, and is not open to others, but for sticky
 * ones such as /tmp, where only the owner can replace an entry.
 */
function assertAncestors(folder: string): void {
  if (!hasModes()) return;
  for (let path = existing(folder); ; path = dirname(path)) {
    const seen = lstatSync(path);
    if (!seen.isDirectory()) throw refusal(path, 'it is a link or no folder');
    if (!isOwn(seen) && seen.uid !== 0) throw refusal(path, `it belongs to the user ${seen.uid}`);
    if ((seen.mode & WRITABLE_BY_OTHERS) !== 0 && (seen.mode & STICKY) === 0)
      throw refusal(path, 'other users can write to it');
    if (path === dirname(path)) return;
  }
}

/** The nearest folder that exists, without links. A link of this user or of root may lead there: `/tmp` of macOS is one. */
function existing(folder: string): string {
  let path = folder;
  while (lstatSync(path, { throwIfNoEntry: false }) === undefined) path = dirname(path);
  const seen = lstatSync(path);
  if (seen.isSymbolicLink() && !isOwn(seen) && seen.uid !== 0)
    throw refusal(path, `it is a link of the user ${seen.uid}`);
  return realpathSync(path);
}

const hasModes = () => process.getuid !== undefined;
const isOwn = ({ uid }: Stats) => process.getuid === undefined || uid === process.getuid();

const refusal = (path: string, why: string) =>
  new NotPrivateError(
    `${path} cannot hold spans: ${why}. Set EARSHOT_SPOOL_DIR to a folder of this user alone.`,
  );
