import { setTimeout as sleep } from 'node:timers/promises';
import type { Micros } from '../../model/facts.ts';
import type { Queryable } from './database.ts';

/** The clock of a server that takes over from another is not further behind it than this, in milliseconds. */
const MARGIN_MS = 10_000;

const NOW = `SELECT floor(extract(epoch FROM clock_timestamp()) * 1000000 - $1::double precision)::double precision AS us`;

// A statement takes this lock before it looks at the clock for `finalized_at`, and its transaction keeps it to the end.
const WRITERS = `\
SELECT DISTINCT virtualtransaction AS id FROM pg_locks
WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted
  AND relation = ':schema.call_metrics'::regclass
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

const POLL_MS = 50;

export interface SettledOptions {
  /** How far back from the database's clock, in milliseconds. (Default: 10 000 ms.) */
  marginMs?: number;
  /** How long to wait for transactions that write calls, in milliseconds. (Default: 120 000 ms.) */
  patienceMs?: number;
}

/**
 * An instant before which no call will be finalized any more: a reader sees all that was, from now on. Every
 * transaction that could write an earlier `finalized_at` has ended by then. Writers do not wait for it.
 * @throws Error when one of them does not end.
 */
export async function settledInstant(
  db: Queryable,
  { marginMs = MARGIN_MS, patienceMs = 120_000 }: SettledOptions = {},
): Promise<Micros> {
  const [now] = await db.query<{ us: number }>(NOW, [marginMs * 1_000]);
  if (now === undefined) throw new Error('A SELECT without a table gives one row.');
  const writers = async () => new Set((await db.query<{ id: string }>(WRITERS)).map(({ id }) => id));
  const deadline = performance.now() + patienceMs;
  for (let before = await writers(); before.size > 0; ) {
    if (performance.now() > deadline)
      throw new Error(
        `A transaction has been writing calls for ${Math.round(patienceMs / 1_000)} seconds: try again when it has ended (pg_locks shows it).`,
      );
    await sleep(POLL_MS);
    const now = await writers();
    before = new Set([...before].filter((id) => now.has(id)));
  }
  return now.us;
}
