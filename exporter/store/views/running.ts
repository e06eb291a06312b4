import { readSizes } from '../call-facts.ts';
import { type CallName, keyOf } from '../call-key.ts';
import type { Queryable } from '../database.ts';

/** A call that goes on, or has ended and has no row yet. */
export interface RunningCall {
  tenant: string;
  callId: string;
  /** Its own span has been seen: its row comes in seconds. */
  ended: boolean;
  spans: number;
  /** Changes with every span that comes. */
  version: string;
}

/** Calls under way that are followed at most, the latest spans first. */
const MOST_RUNNING = 24;

// Without its own end a call is queued for the idle limit after its last span. One that rests has failed.
const STATEMENT = `\
SELECT tenant, call_id, ended FROM (
  SELECT tenant, call_id, ended, queued_at FROM :schema.call_queue w
  WHERE due_at < 'infinity' AND due_at > now() - interval '1 minute'
    AND NOT EXISTS (SELECT FROM :schema.call_metrics m WHERE m.tenant = w.tenant AND m.call_id = w.call_id)
  ORDER BY due_at DESC LIMIT ${MOST_RUNNING}
) AS q
ORDER BY queued_at DESC`;

/** The calls that go on. A few index look-ups, however many calls there are. */
export async function listRunning(db: Queryable): Promise<RunningCall[]> {
  const rows = await db.query<CallName & { ended: boolean }>(STATEMENT);
  if (rows.length === 0) return [];
  const sizes = await readSizes(db, rows.map(keyOf));
  return rows.flatMap((row) => {
    const spans = sizes.get(keyOf(row)) ?? 0;
    if (spans === 0) return [];
    return {
      tenant: row.tenant,
      callId: row.call_id,
      ended: row.ended,
      spans,
      version: `${spans}:${row.ended}`,
    };
  });
}

/** The calls that ended in the last ten minutes and got their rows since an instant, and the newest such instant. */
const FINISHED = `\
SELECT tenant, call_id AS "callId", (extract(epoch from finalized_at) * 1000000)::double precision AS "finalizedUs"
FROM :schema.call_metrics
WHERE ended_at > now() - interval '10 minutes'
  AND finalized_at > 'epoch'::timestamptz + $1::double precision * interval '1 microsecond'
ORDER BY finalized_at LIMIT 100`;

export const listFinishedSince = (
  db: Queryable,
  sinceUs: number,
): Promise<{ tenant: string; callId: string; finalizedUs: number }[]> => db.query(FINISHED, [sinceUs]);
