import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Account, environment } from './account.ts';
import { madeOnce } from './once.ts';

const run = promisify(execFile);

/** The superuser of a cluster. */
export const USER = 'earshot';

/** What makes a data folder. */
export interface DataOptions {
  readonly binFolder: string;
  readonly account: Account | undefined;
  /** A folder that keeps a data folder to copy, which takes a tenth of `initdb`'s time. (Default: none; `initdb` makes each.) */
  readonly shared?: string | undefined;
}

/** Makes the data folder `data`, which there is not yet. */
export async function makeData(data: string, { binFolder, account, shared }: DataOptions): Promise<void> {
  const initdb = async (folder: string) => {
    await run(
      join(binFolder, 'initdb'),
      [
        ...['--pgdata', folder, '--username', USER, '--auth', 'trust'],
        ...['--encoding', 'UTF8', '--locale', 'C', '--no-sync'],
      ],
      { ...account, cwd: '/', env: environment() },
    );
  };
  if (shared === undefined) return initdb(data);
  const template = await madeOnce(shared, { what: 'postgres-data', key: binFolder, account }, initdb);
  // With owner and rights: the server insists on them.
  await run('cp', ['-Rp', template, data]);
}
