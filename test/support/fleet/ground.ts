import { openPostgres } from '../../../exporter/store/index.ts';
import { poll } from '../poll.ts';
import { SmallDisk } from '../postgres/small-disk.ts';
import { startPostgres } from '../postgres.ts';
import { Fleet } from './fleet.ts';
import type { Ground } from './run.ts';

export interface GroundOptions {
  /** Of the workers, on top of what all have. */
  readonly env?: Readonly<Record<string, string>>;
  /** What stands between the workers and the database: given its URL, the URL that they have. (Default: nothing.) */
  readonly between?: (url: string) => Promise<string>;
  /** With a disk of its own, where one can be mounted. (Default: false.) */
  readonly smallDisk?: boolean;
}

/** A PostgreSQL of its own, with so many workers on it. Short times, so that runs are, too. */
export async function startGround(
  workers: number,
  { env = {}, between = async (url) => url, smallDisk = false }: GroundOptions = {},
): Promise<Ground> {
  const postgres = await startPostgres();
  const [direct, referenceUrl] = [await postgres.createDatabase(), await postgres.createMigrated()];
  const disk = smallDisk ? await SmallDisk.mount() : undefined;
  await disk?.take(direct);
  const url = await between(direct);
  const reference = openPostgres({ url: referenceUrl });
  // All at once on an empty database: each wants to migrate it.
  const fleet = await Fleet.start(workers, {
    DATABASE_URL: url,
    EARSHOT_FINALIZE_DELAY: '150ms',
    EARSHOT_IDLE_LIMIT: '700ms',
    ...env,
  });
  return { postgres, disk, fleet, db: openPostgres({ url }), reference };
}

export const readiness = ({ fleet }: Ground): Promise<number[]> =>
  Promise.all(fleet.workers().map(async ({ url }) => (await fetch(`${url}/readyz`)).status));

/** Waits until every worker answers so when it is asked whether it is ready. */
export const untilAllAre = (ground: Ground, status: number) =>
  poll(async () => (await readiness(ground)).every((each) => each === status), {
    what: `every worker is ${status === 200 ? 'ready' : 'not ready'}`,
    intervalMs: 50,
  });

/** Ends everything and removes it. */
export async function stopGround({ postgres, disk, fleet, db, reference }: Ground): Promise<void> {
  await fleet.stop();
  await Promise.all([db.close(), reference.close()]);
  await postgres.stop();
  await disk?.unmount();
}
