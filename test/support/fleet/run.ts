import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom, type Random } from '../../../demo/simulators/random.ts';
import type { Database } from '../../../exporter/store/database.ts';
import { DEFAULT_TENANT } from '../../../model/tenant.ts';
import { poll } from '../poll.ts';
import type { SmallDisk } from '../postgres/small-disk.ts';
import type { TestPostgres } from '../postgres.ts';
import { assertRollups } from '../rollups.ts';
import { type FleetCall, fleetCalls, sentBy } from './calls.ts';
import { below, type Delivery, deliveriesOf, shownWith, shuffled } from './delivery.ts';
import type { Fleet } from './fleet.ts';
import { Front } from './front.ts';
import { type Sent, send } from './sender.ts';
import { storedOf, writeUndisturbed } from './undisturbed.ts';

/** Where runs take place. */
export interface Ground {
  readonly postgres: TestPostgres;
  /** The database's own, which can be full; undefined where none can be mounted. */
  readonly disk: SmallDisk | undefined;
  readonly fleet: Fleet;
  /** What the fleet writes to. */
  readonly db: Database;
  /** What is written undisturbed. */
  readonly reference: Database;
}

/** What happens to the database in the course of a run. */
export const DATABASE_FAULTS = [
  'restart',
  'crash',
  'pause',
  'outage',
  'read-only',
  'disk full',
  'none',
] as const;

export interface RunOptions {
  readonly seed: number;
  readonly calls: number;
  /** Of the fleet, so many take part. */
  readonly workers: number;
  /** From when all live to the next kill, in milliseconds; undefined: no one is killed. */
  readonly killEveryMs?: number | undefined;
  /** Or what the test itself does, and repairs. */
  readonly databaseFault: (typeof DATABASE_FAULTS)[number] | (() => Promise<void>);
  /** Of an outage, in milliseconds. */
  readonly outageMs: number;
  /** Of the load, in milliseconds; faults can make it longer. */
  readonly spreadMs: number;
  /** The share of connections that are cut, 0 to 1. */
  readonly cutShare: number;
  /** Tokens by tenant, where several send the same calls at once. (Default: one tenant, and no token.) */
  readonly tokens?: Readonly<Record<string, string>>;
  /**
   * What a killed worker was at is due at once for others, and not when its claim lapses, which is up to 15 s later.
   * (Default: false.)
   */
  readonly lapseClaims?: boolean;
  /** Columns that are not compared: the schema has changed in between. (Default: none.) */
  readonly without?: readonly string[];
}

/** What a run went through. */
export interface RunReport extends Sent {
  readonly spans: number;
  /** Calls that have rows. */
  readonly calls: number;
  readonly deliveries: number;
  kills: number;
  cuts: number;
}

const CONNECTIONS = 12;
const PAUSE_MS = 1_000;

/**
 * One run: calls are sent to the fleet while things break; then the late spans, when their calls have rows already. Fails
 * unless the journal and the rows are those of an undisturbed pass.
 */
export async function faultRun(ground: Ground, options: RunOptions): Promise<RunReport> {
  const { seed, workers, cutShare, spreadMs } = options;
  const random = createRandom(seed, 'faults');
  const senders = sendersOf(fleetCalls(seed, options.calls), options.tokens);
  const calls = senders.flatMap((sender) => sender.calls);
  const spans = calls.reduce((sum, { facts }) => sum + facts.length, 0);
  assert.ok(spans > 5 * options.calls, 'there is something to lose');
  const callIds = calls.map(({ callId }) => callId);
  const deliveries = deliveriesBy(senders, ({ punctual }) => punctual, random);
  const late = deliveriesBy(senders, (call) => call.late, random);
  const front = await Front.start({
    next: () => ground.fleet.next(workers),
    cutAfterBytes: () => (random.between(0, 1) < cutShare ? below(40_000, random) : undefined),
  });
  try {
    const faults = beginFaults(ground, options, random);
    const sent = await send(front.url, deliveries, { connections: CONNECTIONS, spreadMs }).finally(
      faults.end,
    );
    await ground.fleet.complete();
    if (options.lapseClaims === true) await lapseClaims(ground.db);
    await untilFinalized(
      ground.db,
      calls.filter(({ punctual }) => punctual.length > 0),
    );
    const sentLate = await send(front.url, late, { connections: CONNECTIONS, spreadMs: 0 });
    await untilFinalized(
      ground.db,
      calls.filter(({ facts }) => facts.length > 0),
    );
    await writeUndisturbed(ground.reference, calls);
    const expected = await storedOf(ground.reference, callIds);
    assert.equal(expected.journal.length, spans);
    assert.deepEqual(await storedOf(ground.db, callIds, options.without), expected);
    await assertRollups(ground.db);
    return {
      spans,
      calls: expected.metrics.length,
      deliveries: deliveries.length + late.length,
      unanswered: sent.unanswered + sentLate.unanswered,
      putOff: sent.putOff + sentLate.putOff,
      kills: faults.kills(),
      cuts: front.cuts,
    };
  } finally {
    await front.close();
  }
}

interface Sender {
  readonly calls: readonly FleetCall[];
  readonly token?: string;
}

function sendersOf(calls: readonly FleetCall[], tokens: RunOptions['tokens']): Sender[] {
  if (tokens === undefined) return [{ calls }];
  return Object.entries(tokens).map(([tenant, token]) => ({
    token,
    calls: tenant === DEFAULT_TENANT ? calls : sentBy(tenant, calls),
  }));
}

function deliveriesBy(
  senders: readonly Sender[],
  spansOf: (call: FleetCall) => FleetCall['punctual'],
  random: Random,
): Delivery[] {
  const deliveries = senders.map(({ calls, token }) => {
    const own = deliveriesOf(calls.flatMap(spansOf), random);
    return token === undefined ? own : shownWith(token, own);
  });
  return deliveries.length === 1 ? deliveries.flat() : shuffled(deliveries.flat(), random);
}

/** As time does. Workers that live may hold some, too; what they write of a call that another has taken does not count. */
const lapseClaims = (db: Database) =>
  db.query(`\
UPDATE earshot.call_queue SET due_at = now() WHERE (tenant, call_id) IN (
  -- What a worker is writing at this moment needs none, and to wait for it could be a deadlock.
  SELECT tenant, call_id FROM earshot.call_queue WHERE claim IS NOT NULL FOR UPDATE SKIP LOCKED
)`);

/** Every call has a row, and none waits to be finalized again. */
async function untilFinalized(db: Database, calls: readonly FleetCall[]): Promise<void> {
  const callIds = calls.map(({ callId }) => callId);
  const count = (table: string) =>
    `(SELECT count(*) FROM earshot.${table} WHERE call_id = ANY ($1::text[]))::int`;
  await poll(
    async () => {
      const [row] = await db.query<{ queued: number; done: number }>(
        `SELECT ${count('call_queue')} AS queued, ${count('call_metrics')} AS done`,
        [callIds],
      );
      return row?.queued === 0 && row.done === callIds.length;
    },
    { deadlineMs: 60_000, intervalMs: 50, what: `the rows of ${callIds.length} calls` },
  );
}

interface Faults {
  kills(): number;
  /** Stops breaking things, and repairs what is broken. */
  end(): Promise<void>;
}

function beginFaults({ fleet, postgres, disk }: Ground, options: RunOptions, random: Random): Faults {
  const { killEveryMs, databaseFault, outageMs, spreadMs, workers } = options;
  const ended = new AbortController();
  const until = (ms: number) => sleep(ms, undefined, { signal: ended.signal });
  let kills = 0;
  const kill = async () => {
    if (killEveryMs === undefined) return;
    for (;;) {
      await until(killEveryMs * random.between(0.6, 1.2));
      if (fleet.kill(below(workers, random))) kills += 1;
      // Where they start more slowly than this ends them, none would ever get to work.
      await fleet.complete();
    }
  };
  const breakDatabase = async () => {
    if (databaseFault === 'none') return;
    await until(spreadMs * random.between(0.1, 0.5));
    // From here on it is not given up half-way.
    if (databaseFault === 'pause') {
      await postgres.pause();
      await sleep(PAUSE_MS);
      await postgres.resume();
      return;
    }
    if (databaseFault === 'read-only') {
      await postgres.readOnly(true);
      await sleep(PAUSE_MS);
      await postgres.readOnly(false);
      return;
    }
    if (databaseFault === 'disk full') {
      await disk?.fill();
      await sleep(PAUSE_MS);
      await disk?.free();
      return;
    }
    if (typeof databaseFault === 'function') return databaseFault();
    await (databaseFault === 'crash' ? postgres.kill() : postgres.down());
    if (databaseFault === 'outage') await sleep(outageMs);
    await postgres.up();
  };
  // Only the waiting is given up: what goes wrong with a fault is not for the rows that never come to say.
  const unlessEnded = (error: unknown) => {
    if (!ended.signal.aborted || (error as Error).name !== 'AbortError') throw error;
  };
  const work = Promise.all([kill().catch(unlessEnded), breakDatabase().catch(unlessEnded)]);
  // Not unheard until `end` hears of it.
  work.catch(() => {});
  return {
    kills: () => kills,
    async end() {
      ended.abort();
      await work;
    },
  };
}
