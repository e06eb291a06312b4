import type { Queryable } from '../database.ts';

/** A message that waits to be sent. */
export interface IncidentMessage {
  readonly id: string;
  /** JSON. */
  readonly body: string;
  /** How often it was tried, this time included. */
  readonly attempts: number;
}

const QUEUE = `\
INSERT INTO :schema.incident_messages (id, incident_id, body) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING`;

const DROP = `\
DELETE FROM :schema.incident_messages WHERE id IN (
  SELECT id FROM :schema.incident_messages ORDER BY queued_at DESC, id OFFSET $1::integer
)
RETURNING id`;

const CLAIM = `\
UPDATE :schema.incident_messages
SET attempts = attempts + 1, due_at = clock_timestamp() + $1::double precision * interval '1 millisecond'
WHERE id = (
  SELECT id FROM :schema.incident_messages WHERE due_at <= clock_timestamp()
  ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id, body, attempts`;

const PUT_OFF = `\
UPDATE :schema.incident_messages
SET due_at = clock_timestamp() + $2::double precision * interval '1 millisecond' WHERE id = $1`;

const FORGET = 'DELETE FROM :schema.incident_messages WHERE id = $1';

/**
 * Writes a message down, in the transaction that changes what it is about. No more wait than `most`.
 * @returns how many were dropped to make room: the oldest.
 */
export async function queueMessage(
  tx: Queryable,
  { id, incidentId, body }: { id: string; incidentId: string; body: string },
  most: number,
): Promise<number> {
  await tx.query(QUEUE, [id, incidentId, body]);
  return (await tx.query(DROP, [most])).length;
}

/** Takes the message that is due: no one else takes it for so long, in milliseconds. Undefined: none is. */
export async function claimMessage(db: Queryable, leaseMs: number): Promise<IncidentMessage | undefined> {
  const [message] = await db.query<IncidentMessage>(CLAIM, [leaseMs]);
  return message;
}

/** It could not be sent: it is tried again after so long, in milliseconds. */
export const putOffMessage = async (db: Queryable, id: string, delayMs: number): Promise<void> => {
  await db.query(PUT_OFF, [id, delayMs]);
};

/** It is sent, or given up. */
export const forgetMessage = async (db: Queryable, id: string): Promise<void> => {
  await db.query(FORGET, [id]);
};
