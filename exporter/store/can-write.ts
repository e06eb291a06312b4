import { HAS_CITUS } from './citus.ts';
import type { Queryable } from './database.ts';

const WHERE = `SELECT ${HAS_CITUS} AS citus`;
const lock = (table: string): string => `\
SET LOCAL lock_timeout = 500;
LOCK TABLE ONLY :schema.${table} IN ROW EXCLUSIVE MODE;
SHOW transaction_read_only`;

/**
 * Whether a commit has what it needs, at once: writing is not refused, as a replica does. Of a journal in shards the queue
 * stands for it.
 * @throws the driver's error while others hold the journal.
 */
export async function canWrite(db: Queryable): Promise<boolean> {
  const [where] = await db.query<{ citus: boolean }>(WHERE);
  const table = where?.citus === true ? 'call_queue' : 'call_spans';
  const [row] = await db.query<{ transaction_read_only: string }>(lock(table));
  return row?.transaction_read_only === 'off';
}
