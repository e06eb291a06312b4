import { createHash } from 'node:crypto';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Settings } from '../../model/settings.ts';

/** A folder that the spool may use, if it turns out to belong to this user alone. */
export interface SpoolFolder {
  readonly path: string;
  /** The user named it. Its own owner and mode are checked, and not the folders above it: mounted volumes are open to all. */
  readonly named?: boolean;
}

/** Where spans wait, best first. */
export const spoolFolders = ({
  spoolDir,
  databaseUrl,
}: Pick<Settings, 'spoolDir' | 'databaseUrl'>): readonly SpoolFolder[] =>
  spoolDir === undefined ? defaultSpoolFolders(databaseUrl) : [{ path: spoolDir, named: true }];

interface Place {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly platform?: NodeJS.Platform;
}

/**
 * Where spans wait when no folder is set, best first: the state folder of the user, else one of the user's own in the
 * temporary folder. In either, each database has a folder: processes of one user share it, and must not bring the
 * calls of one database into another.
 *
 * @param url Of the database; its password and account may change. Absent: an open database, which says nothing of itself.
 */
export function defaultSpoolFolders(url: string | undefined, place: Place = {}): readonly SpoolFolder[] {
  const temporary = join(tmpdir(), `earshot-spool-${userId()}`);
  const roots = [stateFolder(place), temporary].filter((root) => root !== undefined);
  return roots.map((root) => ({ path: url === undefined ? root : join(root, nameOf(url)) }));
}

/** What the spool shows of the database. */
function nameOf(url: string): string {
  const target = URL.canParse(url) ? `${new URL(url).host}${new URL(url).pathname}` : url;
  return createHash('sha256').update(target).digest('hex').slice(0, 16);
}

/** As the platform has it (XDG Base Directory on Linux); undefined for an account without a home. */
function stateFolder({ env = process.env, platform = process.platform }: Place): string | undefined {
  if (platform === 'win32') return env.LOCALAPPDATA && join(env.LOCALAPPDATA, 'earshot', 'spool');
  const home = homeFolder();
  if (platform === 'darwin') return home && join(home, 'Library', 'Application Support', 'earshot', 'spool');
  const state = env.XDG_STATE_HOME || (home && join(home, '.local', 'state'));
  return state && join(state, 'earshot', 'spool');
}

function homeFolder(): string | undefined {
  try {
    const home = homedir();
    return home === '/' ? undefined : home;
  } catch {
    return undefined;
  }
}

/** The account's number; its name on Windows. */
function userId(): string {
  return String(process.getuid?.() ?? userInfo().username);
}
