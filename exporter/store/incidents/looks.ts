import type { Micros } from '../../../model/facts.ts';
import type { Queryable } from '../database.ts';

const CLAIM = `\
SELECT (extract(epoch FROM looked_until) * 1000000)::double precision AS looked_until,
  (extract(epoch FROM now()) * 1000000)::double precision AS now
FROM :schema.incident_looks FOR UPDATE SKIP LOCKED`;

const UNTIL = `\
SELECT (extract(epoch FROM looked_until) * 1000000)::double precision AS looked_until FROM :schema.incident_looks`;

const LOOKED = `\
UPDATE :schema.incident_looks SET looked_until = 'epoch'::timestamptz + $1::double precision * interval '1 microsecond'`;

/** Up to when was looked. */
export interface LastLook {
  /** Absent: never. */
  readonly until?: Micros;
  /** By the clock of the database. */
  readonly now: Micros;
}

/** Makes this transaction the only one that looks for incidents, until it ends. Undefined: another one is at it. */
export async function claimLook(tx: Queryable): Promise<LastLook | undefined> {
  const [row] = await tx.query<{ looked_until: Micros | null; now: Micros }>(CLAIM);
  if (row === undefined) return undefined;
  return { now: row.now, ...(row.looked_until !== null && { until: row.looked_until }) };
}

/** Up to when was looked, without a claim to look next. Undefined: never. */
export async function lookedUntil(db: Queryable): Promise<Micros | undefined> {
  const [row] = await db.query<{ looked_until: Micros | null }>(UNTIL);
  return row?.looked_until ?? undefined;
}

/** Notes up to when was looked. */
export const noteLook = async (tx: Queryable, until: Micros): Promise<void> => {
  await tx.query(LOOKED, [until]);
};
