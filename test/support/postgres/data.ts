import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Account, environment } from './account.ts';
import { madeOnce } from './once.ts';

const run = promisify(execFile);

/** The superuser of a cluster. */
export const USER = 'earshot';

/** A database of every cluster that has the newest schema, to copy: that takes a quarter of the time of the migrations. */
export const MIGRATED = 'migrated';

/** What makes a data folder. */
export interface DataOptions {
  readonly binFolder: string;
  readonly account: Account | undefined;
  /** A folder that keeps a data folder to copy, which takes a tenth of `initdb`'s time. (Default: none; `initdb` makes each.) */
  readonly shared?: string | undefined;
  /** Puts databases into a new folder `data`, which is in `folder`. */
  readonly fill: (folder: string) => Promise<void>;
}

/** Makes the folder `data` in `folder`, which there is not yet. */
export async function makeData(
  folder: string,
  { binFolder, account, shared, fill }: DataOptions,
): Promise<void> {
  const make = async (parent: string) => {
    await run(
      join(binFolder, 'initdb'),
      [
        ...['--pgdata', join(parent, 'data'), '--username', USER, '--auth', 'trust'],
        ...['--encoding', 'UTF8', '--locale', 'C', '--no-sync'],
      ],
      { ...account, cwd: '/', env: environment() },
    );
    await fill(parent);
  };
  if (shared === undefined) return make(folder);
  const template = await madeOnce(shared, { what: 'postgres-data', key: binFolder, account }, make);
  // With owner and rights: the server insists on them.
  await run('cp', ['-Rp', join(template, 'data'), folder]);
}
