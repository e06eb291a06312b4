import type { Database } from './database.ts';
import { dropPartition } from './drop-partition.ts';
import { errorCode } from './errors.ts';
import { DAY_MS, type Day, type Partitions, partitionsOf } from './journal-days.ts';
import { unexportedDays } from './journal-exports.ts';
import { deleteExpiredOf, dropShardedPartition } from './sharded-retention.ts';

// Whole calls only, so that a call is never computed from a part of its spans; and none that waits to be finalized.
// One that rests in the queue after too many failures goes with its place there.
const deleteExpired = (table: string): string => `\
WITH expired AS (
  SELECT s.tenant, s.call_id FROM :schema.${table} s
  WHERE s.ended_at < now() - $1::double precision * interval '1 millisecond'
    AND NOT EXISTS (
      SELECT FROM :schema.call_spans y
      WHERE y.tenant = s.tenant AND y.call_id = s.call_id AND y.ended_at >= now() - $1 * interval '1 millisecond'
    )
    AND NOT EXISTS (
      SELECT FROM :schema.call_queue q
      WHERE q.tenant = s.tenant AND q.call_id = s.call_id AND q.due_at < 'infinity'
    )
  ORDER BY s.ended_at
  LIMIT $2
), unqueued AS (
  DELETE FROM :schema.call_queue
  WHERE due_at = 'infinity' AND (tenant, call_id) IN (SELECT tenant, call_id FROM expired)
), deleted AS (
  DELETE FROM :schema.call_spans WHERE (tenant, call_id) IN (SELECT tenant, call_id FROM expired) RETURNING 1
)
SELECT count(*)::int AS deleted FROM deleted`;

/** The day, since 1970 (UTC), that the oldest span is of which may stay: by the database's clock, as all of the above. */
const DAY_OF_EDGE = `\
SELECT floor(extract(epoch FROM now() - $1::double precision * interval '1 millisecond') / 86400)::int AS day`;
const NOW = 'SELECT extract(epoch FROM now())::double precision * 1000 AS ms';

/** A retention for which a day makes a difference: two days. */
const SHORT_MS = 2 * DAY_MS;
/** Between a look at the clock and what follows from it. */
const CLOCK_MS = 60_000;
/** undefined_table: another process has dropped it meanwhile. */
const GONE = '42P01';

/**
 * Removes from the journal the spans of calls whose last span ended more than `retentionMs` ago. Rows stay. Days go as a
 * whole, when all of them is so old: up to a day later. A retention of less than two days is kept to the hour by deleting,
 * and so is it where spans have no day's partition, in batches of about `batch` spans, rounded up to whole calls, each its
 * own statement. (Default: 1000.)
 * @returns how many spans were removed.
 */
export async function deleteExpiredSpans(db: Database, retentionMs: number, batch = 1_000): Promise<number> {
  const partitions = await partitionsOf(db);
  const [row] = await db.query<{ day: Day }>(DAY_OF_EDGE, [retentionMs]);
  const edge = row?.day ?? Number.NEGATIVE_INFINITY;
  return deleteBefore(db, { partitions, edge, retentionMs, batch });
}

interface Edge {
  readonly partitions: Partitions | undefined;
  /** Partitions that end there, or before, go. */
  readonly edge: Day;
  readonly retentionMs: number;
  readonly batch: number;
}

async function deleteBefore(db: Database, { partitions, edge, retentionMs, batch }: Edge): Promise<number> {
  let total = 0;
  for (const part of partitions?.times ?? []) {
    if (part.end > edge) break;
    const drop = partitions?.sharded ? dropShardedPartition : dropPartition;
    total += await drop(db, part, retentionMs).catch((error: unknown) => {
      if (errorCode(error) !== GONE) throw error;
      return 0;
    });
  }
  for (const table of tablesToDeleteFrom(partitions, edge, retentionMs)) {
    if (partitions?.sharded) {
      total += await deleteExpiredOf(db, table, retentionMs);
      continue;
    }
    for (;;) {
      const [row] = await db.query<{ deleted: number }>(deleteExpired(table), [retentionMs, batch]);
      const deleted = row?.deleted ?? 0;
      if (deleted === 0) break;
      total += deleted;
    }
  }
  return total;
}

/** Those that have expired spans among others that have not. */
function tablesToDeleteFrom(partitions: Partitions | undefined, edge: Day, retentionMs: number): string[] {
  if (partitions === undefined) return ['call_spans'];
  const isOpen = (day: Day | undefined, end: Day): boolean =>
    end > edge && (day === undefined || (day <= edge && retentionMs < SHORT_MS));
  return [
    partitions.rest,
    ...partitions.times.filter(({ day, end }) => isOpen(day, end)).map(({ name }) => name),
  ];
}

export interface Expiry {
  /** How long spans stay after the last span of their call, in milliseconds. */
  readonly retentionMs: number;
  /**
   * How much longer a day stays that is not exported yet, where days are, in milliseconds; with it the days after it. (Default: 0,
   * no longer.)
   */
  readonly exportWaitMs?: number;
}

/** What a round of the retention has done. */
export interface Expired {
  /** Spans that were removed. */
  readonly removed: number;
  /** Days that have expired, and wait for an export. */
  readonly waiting: readonly Day[];
  /** Days that have waited long enough, and went without one. */
  readonly unexported: readonly Day[];
}

/** Removes what has expired, and was exported where days are exported; what was not, once it has waited for so long. */
export async function expireSpans(
  db: Database,
  { retentionMs, exportWaitMs = 0 }: Expiry,
  batch = 1_000,
): Promise<Expired> {
  if (exportWaitMs <= 0)
    return { removed: await deleteExpiredSpans(db, retentionMs, batch), waiting: [], unexported: [] };
  const partitions = await partitionsOf(db);
  const [clock] = await db.query<{ ms: number }>(NOW);
  const nowMs = clock?.ms ?? Date.now();
  const dayAt = (agoMs: number): Day => Math.floor((nowMs - agoMs) / DAY_MS);
  const [edge, patience] = [dayAt(retentionMs), dayAt(retentionMs + exportWaitMs)];
  const expired = daysUpTo(edge, patience, partitions);
  const days = await unexportedDays(db, expired, retentionMs + exportWaitMs);
  const waiting = days.filter((day) => day >= patience);
  const [first] = waiting;
  const held =
    first === undefined
      ? { edge, retentionMs }
      : { edge: first, retentionMs: Math.max(retentionMs, nowMs - first * DAY_MS + CLOCK_MS) };
  const removed = await deleteBefore(db, { partitions, batch, ...held });
  return { removed, waiting, unexported: days.filter((day) => day < patience) };
}

/** Days that have expired, or will within the day: those that may still wait, and those before them that have a partition. */
function daysUpTo(edge: Day, patience: Day, partitions: Partitions | undefined): Day[] {
  const overdue = (partitions?.times ?? []).flatMap(({ day }) =>
    day !== undefined && day < patience ? [day] : [],
  );
  return [...overdue, ...Array.from({ length: edge - patience + 1 }, (_, index) => patience + index)];
}

export interface RetentionOptions extends Expiry {
  /** Between two rounds, in milliseconds; the first is at a random time within the first interval. (Default: one hour.) */
  everyMs?: number;
  /** Told what a round has done. (Default: nothing.) */
  onRound?: (expired: Expired) => void;
  /** Told when a round failed; the next one tries again. (Default: nothing.) */
  onError?: (error: unknown) => void;
}

/**
 * Removes expired spans now and then, until it is stopped. Any number of processes may do so. Never throws, and does not
 * keep the process alive.
 * @returns a function that stops it, and resolves when the round under way is done.
 */
export function keepRetention(
  db: Database,
  { everyMs = 3_600_000, onRound = () => {}, onError = () => {}, ...expiry }: RetentionOptions,
): () => Promise<void> {
  let round: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout;
  const schedule = (delayMs: number) => {
    timer = setTimeout(() => {
      schedule(everyMs);
      round = round
        .then(() => expireSpans(db, expiry))
        .then(onRound)
        .catch(onError);
    }, delayMs).unref();
  };
  // Processes that are started together do not all delete together.
  schedule(Math.random() * everyMs);
  return async () => {
    clearTimeout(timer);
    await round.catch(() => {});
  };
}
