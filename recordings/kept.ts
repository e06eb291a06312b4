import { createHash } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { isAddress, openPlace, PlaceError, withoutEndSlashes } from '../storage/open-place.ts';
import type { Place } from '../storage/place.ts';

/** Where recordings are kept. */
export interface Kept {
  readonly place: Place;
  /** Where those on their way in wait until they are whole: a folder of this machine. */
  readonly waiting: string;
}

/** Beside the folders of calls: what has not come to its end. */
const INCOMING = '.incoming';

/**
 * Opens what `EARSHOT_RECORDINGS` names: a folder, or a bucket of S3. Nothing is asked of it yet.
 * @throws PlaceError
 */
export async function openKept(name: string): Promise<Kept> {
  return { place: await openPlace(name, { isPrivate: true }), waiting: waitingFolder(name) };
}

/**
 * Where recordings wait on their way there: beside the others, or, of a bucket, in a temporary folder of this user's. Each bucket
 * has one: what another process has left there goes into no other.
 */
export function waitingFolder(name: string): string {
  if (!isAddress(name)) return join(resolve(name), INCOMING);
  const address = createHash('sha256').update(withoutEndSlashes(name)).digest('hex').slice(0, 16);
  return join(tmpdir(), `earshot-recordings-${userId()}-${address}`);
}

/**
 * Makes sure that recordings can be kept.
 * @param onAway - called where the store is away, and may come back.
 * @throws PlaceError, with what was seen, for what will not mend itself.
 */
export async function probeKept(
  { place, waiting }: Kept,
  onAway: (error: unknown) => void = () => {},
): Promise<void> {
  try {
    await place.probe();
    await makePrivate(waiting);
  } catch (error) {
    if (error instanceof PlaceError) throw error;
    const what = reason(error);
    if (what !== undefined) throw new PlaceError(`${place.name} cannot be used (${what})`, { cause: error });
    onAway(error);
  }
}

function userId(): string {
  return process.getuid === undefined ? userInfo().username : String(process.getuid());
}

/**
 * Makes a folder that no one else can read, where it is missing. The one above it is there.
 * @throws PlaceError where it is another user's, or the system's error.
 */
export async function makePrivate(folder: string): Promise<void> {
  await mkdir(folder, 0o700).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const seen = await lstat(folder);
  const isOwn = process.getuid === undefined || seen.uid === process.getuid();
  if (!seen.isDirectory() || !isOwn) throw new PlaceError(`${folder} cannot be used: it is not this user's`);
}

/** What will not mend itself: the system's word, or the store's. Undefined: it may. */
function reason(error: unknown): string | undefined {
  const { code, name, $metadata } = error as {
    code?: string;
    name?: string;
    $metadata?: { httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode;
  if (status !== undefined) return status < 500 && status !== 429 ? (name ?? String(status)) : undefined;
  // Of the SDK itself: no region, or no credentials.
  if (name === 'CredentialsProviderError' || /region is missing/i.test(String(error)))
    return name === 'CredentialsProviderError' ? 'no credentials' : 'no region: set AWS_REGION';
  const isNetwork = code === undefined || /^(ECONN|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_|EPIPE)/.test(code);
  return isNetwork ? undefined : code;
}
