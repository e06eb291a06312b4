import { migrate, openPostgres } from '../../../exporter/store/index.ts';
import { startPostgres } from '../postgres.ts';
import { Fleet } from './fleet.ts';
import type { Ground } from './run.ts';

/** A PostgreSQL of its own, with so many workers on it. Short times, so that runs are, too. */
export async function startGround(workers: number): Promise<Ground> {
  const postgres = await startPostgres();
  const [url, referenceUrl] = [await postgres.createDatabase(), await postgres.createDatabase()];
  const reference = openPostgres({ url: referenceUrl });
  await migrate(reference);
  // All at once on an empty database: each wants to migrate it.
  const fleet = await Fleet.start(workers, {
    DATABASE_URL: url,
    EARSHOT_FINALIZE_DELAY: '150ms',
    EARSHOT_IDLE_LIMIT: '700ms',
  });
  return { postgres, fleet, db: openPostgres({ url }), reference };
}

/** Ends everything and removes it. */
export async function stopGround({ postgres, fleet, db, reference }: Ground): Promise<void> {
  await fleet.stop();
  await Promise.all([db.close(), reference.close()]);
  await postgres.stop();
}
