import { HAS_CITUS } from './citus.ts';
import type { Database, Queryable } from './database.ts';
import { partitionsOf } from './journal-days.ts';

const STATE = `SELECT ${HAS_CITUS} AS citus`;
const IS_DISTRIBUTED = `\
SELECT EXISTS (
  SELECT FROM pg_catalog.pg_dist_partition WHERE logicalrelid = ':schema.call_spans'::regclass
) AS present`;
// Of no other table's shards: they can be moved apart.
const DISTRIBUTE = `\
SELECT pg_catalog.create_distributed_table(':schema.call_spans', 'call_id', colocate_with => 'none')`;

/** The database cannot have its journal in shards. */
export class DistributeError extends Error {
  override name = 'DistributeError';
}

/** Whether the database could have its journal in shards at all: asked before anything is made in it. @throws DistributeError */
export async function assertCitus(db: Queryable): Promise<void> {
  const [state] = await db.query<{ citus: boolean }>(STATE);
  if (state?.citus !== true)
    throw new DistributeError(
      'Citus is not in this database. On the coordinator of a Citus cluster: CREATE EXTENSION citus, and run it again. Nothing was changed.',
    );
}

/**
 * Puts the journal into shards by call, on the workers of a Citus cluster; rows, rollups and the queue stay on the
 * coordinator. Writers wait meanwhile. Processes that run need not be started again.
 * @returns whether that was to be done.
 * @throws DistributeError where that is not possible, else the driver's error; then nothing has changed.
 */
export async function distributeJournal(db: Database): Promise<boolean> {
  await assertCitus(db);
  const partitions = await partitionsOf(db);
  if (partitions === undefined)
    throw new DistributeError(
      'The journal is one table still: run `earshot migrate --partitions` first. It is as it was.',
    );
  if (!partitions.sharded)
    throw new DistributeError(
      'The journal has spans of an earlier version, whose key has no call: wait until they have expired (EARSHOT_SPAN_RETENTION). It is as it was.',
    );
  const [row] = await db.query<{ present: boolean }>(IS_DISTRIBUTED);
  if (row?.present === true) return false;
  await db.query(DISTRIBUTE);
  return true;
}
