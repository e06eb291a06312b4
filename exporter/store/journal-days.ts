import type { Fact } from '../../model/facts.ts';
import { HAS_CITUS } from './citus.ts';
import type { Queryable } from './database.ts';

/**
 * The partitions of the journal: one a day (UTC) of the spans' ends. A day, and not a week: retention drops partitions and
 * should not keep spans for a week longer than it says; the index that is written to stays that of a day; and a call is in one
 * or two of them either way, which is all that reading it opens.
 *
 * Writers make them, ahead of time. Spans of other times (clocks that are off, a spool of last month) are in
 * `call_spans_default`; so are all of them where the database's role may not create tables, which is as right, and slower.
 */

/** The key of each partition. */
export const KEY = 'tenant, call_id, trace_id, span_id, ended_at';

export const DAY_MS = 86_400_000;
const DAY_US = DAY_MS * 1_000;
/** A day so far back gets a partition when a span of it comes; others are in the partition for the rest. */
const DAYS_BACK = 7;
/** Days ahead that there are partitions for. */
const DAYS_AHEAD = 2;
/** Partitions are looked for again: another process may have dropped them, or the tables. */
const KNOWN_FOR_MS = 600_000;
/** The same where they could not be made. */
const AGAIN_AFTER_MS = 60_000;

/** A day since 1970 (UTC). */
export type Day = number;
export const dayOf = (ms: number): Day => Math.floor(ms / DAY_MS);
/** Where a day begins, as PostgreSQL reads it whatever its settings. */
export const beginOf = (day: Day): string => new Date(day * DAY_MS).toISOString();

const PREFIX = 'call_spans_d';
export const nameOfDay = (day: Day): string => PREFIX + beginOf(day).slice(0, 10).replaceAll('-', '');
function dayOfName(prefix: string, name: string): Day | undefined {
  const [, year, month, day] =
    (name.startsWith(prefix) && /^(\d{4})(\d{2})(\d{2})$/.exec(name.slice(prefix.length))) || [];
  return year === undefined ? undefined : dayOf(Date.parse(`${year}-${month}-${day}`));
}

const BEFORE = 'call_spans_before_d';
/** The table of an earlier version, which has what ended before a day. */
export const nameOfBefore = (day: Day): string => BEFORE + nameOfDay(day).slice(PREFIX.length);

/** A partition that has spans of a time, and not the rest. */
export interface TimePartition {
  readonly name: string;
  /** The day that it is of; undefined: the table of an earlier version. */
  readonly day?: Day | undefined;
  /** Where it ends. */
  readonly end: Day;
}

export interface Partitions {
  /** Spans of other times. */
  readonly rest: string;
  /** The oldest first. */
  readonly times: readonly TimePartition[];
  /** The journal may be in shards: Citus is in the database, and no part of an earlier version in the journal. */
  readonly sharded: boolean;
}

const REST = 'call_spans_default';
const PARTITIONS = `\
SELECT p.relname AS name, ${HAS_CITUS} AS citus
FROM pg_partitioned_table t
JOIN pg_inherits i ON i.inhparent = t.partrelid
JOIN pg_class p ON p.oid = i.inhrelid
WHERE t.partrelid = to_regclass(':schema.call_spans') AND t.partstrat = 'r'`;

/** The partitions that the journal has; undefined where it is one table, or divided otherwise. */
export async function partitionsOf(db: Queryable): Promise<Partitions | undefined> {
  const rows = await db.query<{ name: string; citus: boolean }>(PARTITIONS);
  const names = rows.map(({ name }) => name);
  if (!names.includes(REST)) return undefined;
  const times = names.flatMap((name): TimePartition[] => {
    const day = dayOfName(PREFIX, name);
    if (day !== undefined) return [{ name, day, end: day + 1 }];
    const end = dayOfName(BEFORE, name);
    return end === undefined ? [] : [{ name, end }];
  });
  const sharded = rows[0]?.citus === true && times.every(({ day }) => day !== undefined);
  return { rest: REST, times: times.sort((a, b) => a.end - b.end), sharded };
}

// The second to come waits for the lock, which holds up no one who reads or writes, and finds the partition. Spans of the day
// that are with the rest move: no two partitions may take the same row.
const makeDay = (day: Day): string => `\
SET LOCAL lock_timeout = 2000;
LOCK TABLE ONLY :schema.call_spans IN SHARE UPDATE EXCLUSIVE MODE;
DO $$ BEGIN
  IF to_regclass(':schema.${nameOfDay(day)}') IS NULL THEN
    CREATE TABLE :schema.${nameOfDay(day)} (LIKE :schema.call_spans INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS,
      PRIMARY KEY (${KEY}));
    COMMENT ON TABLE :schema.${nameOfDay(day)} IS 'Spans of the journal that ended on ${beginOf(day).slice(0, 10)} (UTC).';
    LOCK TABLE :schema.call_spans_default IN ACCESS EXCLUSIVE MODE;
    WITH moved AS (
      DELETE FROM :schema.call_spans_default
      WHERE ended_at >= '${beginOf(day)}' AND ended_at < '${beginOf(day + 1)}' RETURNING *
    )
    INSERT INTO :schema.${nameOfDay(day)} SELECT * FROM moved;
    ALTER TABLE :schema.call_spans ATTACH PARTITION :schema.${nameOfDay(day)}
      FOR VALUES FROM ('${beginOf(day)}') TO ('${beginOf(day + 1)}');
  END IF;
END $$`;

// Citus makes the shards of a partition that is made so, of one that is attached it would have to move the spans. Where the
// rest has spans of the day, that fails, and they stay there with all others of the day.
const makeShardedDay = (day: Day): string => `\
SET LOCAL lock_timeout = 2000;
CREATE TABLE IF NOT EXISTS :schema.${nameOfDay(day)} PARTITION OF :schema.call_spans
  FOR VALUES FROM ('${beginOf(day)}') TO ('${beginOf(day + 1)}')`;

/** Sees to it that there are partitions for what is written, and for the days to come. Any number of processes may do so. */
export class JournalDays {
  readonly #db: Queryable;
  #known = new Set<Day>();
  #knownUntilMs = Number.NEGATIVE_INFINITY;
  #making: Promise<void> | undefined;
  #isNew = false;

  constructor(db: Queryable) {
    this.#db = db;
  }

  /**
   * The journal has no part of an earlier version: it was made by this one, or all that was there has expired. No process
   * of an earlier version reads it.
   */
  get isNew(): boolean {
    return this.#isNew;
  }

  /** To be awaited before facts are appended. Never throws: what has no partition of its own is stored all the same. */
  async prepare(facts: readonly Fact[], nowMs: number = Date.now()): Promise<void> {
    const missing = this.#missing(facts, nowMs);
    if (missing.length === 0) return;
    this.#making ??= this.#make(missing, nowMs).finally(() => {
      this.#making = undefined;
    });
    await this.#making;
  }

  #missing(facts: readonly Fact[], nowMs: number): Day[] {
    if (nowMs > this.#knownUntilMs) this.#known = new Set();
    const today = dayOf(nowMs);
    const days = new Set<Day>();
    for (let ahead = 0; ahead <= DAYS_AHEAD; ahead += 1) days.add(today + ahead);
    let last: Day | undefined;
    for (const { endUs } of facts) {
      const day = Math.floor(endUs / DAY_US);
      if (day === last) continue;
      last = day;
      if (day >= today - DAYS_BACK && day < today) days.add(day);
    }
    return [...days].filter((day) => !this.#known.has(day));
  }

  async #make(days: readonly Day[], nowMs: number): Promise<void> {
    // Also where it fails: writers must not wait for what is in the way each time.
    for (const day of days) this.#known.add(day);
    if (nowMs > this.#knownUntilMs) this.#knownUntilMs = nowMs + KNOWN_FOR_MS;
    try {
      const there = await partitionsOf(this.#db);
      this.#isNew = there?.times.every(({ day }) => day !== undefined) ?? false;
      for (const day of there === undefined ? [] : days) {
        const taken = there?.times.some((each) => (each.day ?? day) === day && day < each.end);
        if (!taken) await this.#db.query(there?.sharded ? makeShardedDay(day) : makeDay(day));
      }
    } catch {
      this.#knownUntilMs = nowMs + AGAIN_AFTER_MS;
    }
  }
}
