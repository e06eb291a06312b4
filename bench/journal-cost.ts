import pg from 'pg';
import { readFact } from '../exporter/dialects/index.ts';
import { type Database, Journal, migrate, openPostgres } from '../exporter/store/index.ts';
import type { Fact } from '../model/facts.ts';
import { fromFinishedSpan } from '../model/span-record.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { FINISHED_ROWS } from './finished-calls.ts';
import { inBatches, median } from './measure.ts';
import { parentOf, treeCpuSeconds } from './process-cpu.ts';
import { recordCalls } from './recorded-calls.ts';
import type { BenchResult } from './result.ts';

const CALLS = 400;
const TURNS = 8;
const ROUNDS = Number(process.env.EARSHOT_BENCH_ROUNDS ?? 7);
const FINISHED_CALLS = Number(process.env.EARSHOT_BENCH_FINISHED_CALLS ?? 1_000_000);
/** What the writer appends at once. */
const BATCH = 2_000;

/** PostgreSQL as it comes, with memory as its manual advises; the tests' server trades safety for speed. */
const DURABLE = { fsync: 'on', full_page_writes: 'on', shared_buffers: '1GB', max_wal_size: '4GB' };

/** What a span costs the database: CPU of all its processes, bytes on disk, and whether finished calls make it dearer. Linux only. */
export async function benchJournalCost(): Promise<BenchResult[]> {
  const server = await startPostgres(DURABLE);
  try {
    const url = await server.createDatabase();
    const db = openPostgres({ url, maxConnections: 1, statementTimeoutMs: 0 });
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await migrate(db);
      return await new Cost(db, client).results();
    } finally {
      await client.end();
      await db.close();
    }
  } finally {
    await server.stop();
  }
}

interface Spent {
  readonly perCpuSecond: number;
  readonly perSecond: number;
  readonly bytes: number;
}

class Cost {
  readonly #db: Database;
  readonly #client: pg.Client;
  readonly #facts: readonly Fact[];
  #round = 0;

  constructor(db: Database, client: pg.Client) {
    this.#db = db;
    this.#client = client;
    // As they come from many calls at once: in order of their ends.
    this.#facts = recordCalls(CALLS, TURNS)
      .flatMap((span) => readFact(fromFinishedSpan(span)) ?? [])
      .sort((a, b) => a.endUs - b.endUs);
  }

  async results(): Promise<BenchResult[]> {
    const empty = await this.#rounds();
    await this.#empty();
    for (const statement of FILL)
      await this.#client.query(statement.replaceAll('$1', String(FINISHED_CALLS)));
    await this.#client.query('VACUUM ANALYZE');
    await this.#client.query('CHECKPOINT');
    const filled = await this.#rounds(false);
    const note = `Journal.append in batches of ${BATCH}, calls queued, all processes of PostgreSQL; median of ${ROUNDS} rounds of ${this.#facts.length} spans`;
    return [
      { name: 'journal: spans a second of CPU', ours: empty.perCpuSecond, unit: 'spans/s', note },
      { name: 'journal: a span on disk', ours: empty.bytes, unit: 'bytes', note: 'with its indexes' },
      {
        name: 'journal: the same beside finished calls',
        ours: filled.perCpuSecond,
        baseline: empty.perCpuSecond,
        unit: 'spans/s',
        note: `${FINISHED_CALLS} calls of the last weeks, each with its rows and three spans; CPU`,
      },
      {
        name: 'journal: beside finished calls, by the clock',
        ours: filled.perSecond,
        baseline: empty.perSecond,
        unit: 'spans/s',
        note: 'the same by the clock, one connection',
      },
    ];
  }

  async #rounds(emptied = true): Promise<Spent> {
    const spent: Spent[] = [];
    for (let round = -2; round < ROUNDS; round += 1) {
      if (emptied) await this.#empty();
      const each = await this.#append();
      if (round >= 0) spent.push(each);
    }
    const of = (key: keyof Spent) => median(spent.map((each) => each[key]));
    return { perCpuSecond: of('perCpuSecond'), perSecond: of('perSecond'), bytes: of('bytes') };
  }

  async #append(): Promise<Spent> {
    const batches = inBatches(this.#fresh(), BATCH);
    const journal = new Journal(this.#db);
    await journal.prepare(this.#facts);
    const [row] = (await this.#client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows;
    const postmaster = parentOf(row?.pid ?? 0);
    const before = treeCpuSeconds(postmaster);
    const startMs = performance.now();
    let written = 0;
    for (const batch of batches) written += (await journal.append(batch)).written;
    const seconds = (performance.now() - startMs) / 1_000;
    const cpu = treeCpuSeconds(postmaster) - before;
    if (written !== this.#facts.length) throw new Error(`${written} spans of ${this.#facts.length} are new.`);
    const [size] = (await this.#client.query<{ bytes: number }>(SIZE)).rows;
    return { perCpuSecond: written / cpu, perSecond: written / seconds, bytes: (size?.bytes ?? 0) / written };
  }

  /** The same calls again as others of just now, so that each round writes what was never there. */
  #fresh(): Fact[] {
    this.#round += 1;
    const mark = this.#round.toString(16).padStart(4, '0');
    const lastUs = this.#facts.at(-1)?.endUs ?? 0;
    const byUs = Math.floor(Date.now() / 60_000) * 60_000_000 - lastUs;
    return this.#facts.map((fact) => ({
      ...fact,
      callId: mark + fact.callId.slice(4),
      traceId: mark + fact.traceId.slice(4),
      startUs: fact.startUs + byUs,
      endUs: fact.endUs + byUs,
    }));
  }

  async #empty(): Promise<void> {
    await this.#client.query(
      'TRUNCATE earshot.call_spans, earshot.call_queue, earshot.call_logs, earshot.call_metrics',
    );
    await this.#client.query('CHECKPOINT');
  }
}

const SIZE = `\
SELECT sum(pg_total_relation_size(relid))::float8 AS bytes FROM (
  SELECT 'earshot.call_spans'::regclass AS relid
  UNION SELECT relid FROM pg_partition_tree('earshot.call_spans')
) AS parts`;

/** Finished calls as they lie in the tables for a month: $1 of them. */
const FILL = [
  `DO $$ BEGIN
     IF to_regclass('earshot.call_spans_default') IS NOT NULL THEN
       FOR n IN 1..30 LOOP
         EXECUTE format('CREATE TABLE IF NOT EXISTS earshot.call_spans_d%s PARTITION OF earshot.call_spans FOR VALUES FROM (%L) TO (%L)',
           to_char(now() AT TIME ZONE 'UTC' - n * interval '1 day', 'YYYYMMDD'),
           date_trunc('day', now(), 'UTC') - n * interval '1 day', date_trunc('day', now(), 'UTC') - (n - 1) * interval '1 day');
       END LOOP;
     END IF;
   END $$`,
  `INSERT INTO earshot.call_spans (trace_id, span_id, call_id, turn_index, stage, started_at, ended_at, facts)
   SELECT md5(n || '-' || s), left(md5(s || '-' || n), 16), md5('call' || n), s, 'turn',
     now() - n * interval '2 s' - interval '1 day', now() - n * interval '2 s' + interval '5 s' - interval '1 day',
     jsonb_build_object('type', 'turn', 'name', 'voice.turn', 'callId', md5('call' || n), 'turnIndex', s)
   FROM generate_series(1, $1::int) AS n, generate_series(0, 2) AS s`,
  ...FINISHED_ROWS,
];
