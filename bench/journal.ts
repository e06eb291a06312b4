import { once } from 'node:events';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { readFact } from '../exporter/dialects/index.ts';
import { finalizeCall } from '../exporter/finalize.ts';
import { catalogue } from '../exporter/pricing/index.ts';
import { type Database, Journal, migrate, openPostgres, Queue } from '../exporter/store/index.ts';
import type { Fact } from '../model/facts.ts';
import { fromFinishedSpan } from '../model/span-record.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { inBatches, inTurn } from './measure.ts';
import { recordCalls } from './recorded-calls.ts';
import type { BenchResult } from './result.ts';

const CALLS = 400;
const TURNS = 8;
const ROUNDS = 7;
/** What the writer appends at once. */
const BATCH = 2_000;
/** Calls that a worker takes at once. */
const TAKE = 16;

/** PostgreSQL as it comes; the tests' server trades safety for speed. */
const DURABLE = { fsync: 'on', full_page_writes: 'on', shared_buffers: '128MB' };

/**
 * What the database takes: spans to committed rows of the journal, next to `COPY` of the same rows into a table with the
 * same columns, constraints and indexes, one connection each; and finished calls to rows.
 */
export async function benchJournal(): Promise<BenchResult[]> {
  // As they come from many calls at once: in order of their ends.
  const facts = recordCalls(CALLS, TURNS)
    .flatMap((span) => readFact(fromFinishedSpan(span)) ?? [])
    .sort((a, b) => a.endUs - b.endUs);
  const server = await startPostgres(DURABLE);
  try {
    const url = await server.createDatabase();
    const db = openPostgres({ url, maxConnections: 1 });
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await migrate(db);
      await client.query('CREATE TABLE copied_spans (LIKE earshot.call_spans INCLUDING ALL)');
      return [...(await appended(db, client, facts)), await finalized(db, facts)];
    } finally {
      await client.end();
      await db.close();
    }
  } finally {
    await server.stop();
  }
}

async function appended(db: Database, client: pg.Client, facts: readonly Fact[]): Promise<BenchResult[]> {
  const batches = inBatches(facts, BATCH);
  const journal = new Journal(db);
  const readyBatches = batches.map((batch) => batch.map(copyLine).join(''));
  const ready = readyBatches.join('');
  const rate = async (write: () => Promise<void>): Promise<number> => {
    await client.query('TRUNCATE earshot.call_spans, earshot.call_queue, copied_spans');
    const seconds = await secondsOf(write);
    const [row] = (
      await client.query<{ rows: number }>(
        'SELECT (SELECT count(*) FROM earshot.call_spans)::int + (SELECT count(*) FROM copied_spans)::int AS rows',
      )
    ).rows;
    if (row?.rows !== facts.length) throw new Error(`${row?.rows} rows of ${facts.length} were written.`);
    return facts.length / seconds;
  };
  const { ours, copy, readyCopy, oneCopy } = await inTurn(ROUNDS, {
    ours: () =>
      rate(async () => {
        for (const batch of batches) await journal.append(batch);
      }),
    copy: () => rate(() => copyFacts(client, facts)),
    readyCopy: () =>
      rate(async () => {
        for (const lines of readyBatches) await copyIn(client, lines);
      }),
    oneCopy: () => rate(() => copyIn(client, ready)),
  });
  return [
    {
      name: 'spans to committed rows',
      ours,
      baseline: copy,
      unit: 'rows/s',
      note: `Journal.append in batches of ${BATCH}, calls queued, against COPY in transactions of the same size`,
    },
    {
      name: 'spans to committed rows, ready COPY',
      ours,
      baseline: readyCopy,
      unit: 'rows/s',
      note: 'the same against COPY of lines that were ready before, so that its client has nothing to do',
    },
    {
      name: 'spans to committed rows, one COPY',
      ours,
      baseline: oneCopy,
      unit: 'rows/s',
      note: `the same against one COPY of all ${facts.length} rows, lines ready: one commit, for orientation`,
    },
  ];
}

async function finalized(db: Database, facts: readonly Fact[]): Promise<BenchResult> {
  const priceList = catalogue();
  const journal = new Journal(db);
  const queue = new Queue(db, {
    finalize: (ofCall) => finalizeCall(ofCall, priceList),
    workerId: 'bench',
  });
  const { ours } = await inTurn(ROUNDS, {
    ours: async () => {
      await db.query(
        'TRUNCATE earshot.call_spans, earshot.call_queue, earshot.call_logs, earshot.call_metrics',
      );
      for (const batch of inBatches(facts, BATCH)) await journal.append(batch);
      let calls = 0;
      const seconds = await secondsOf(async () => {
        for (let taken = TAKE; taken === TAKE; calls += taken)
          ({ taken } = await queue.take({ limit: TAKE, ended: true }));
      });
      if (calls !== CALLS) throw new Error(`${calls} calls of ${CALLS} were finalized.`);
      return calls / seconds;
    },
  });
  return {
    name: 'ended calls to rows',
    ours,
    unit: 'calls/s',
    note: `one worker: calls of ${TURNS + 1} turns and ${Math.round(facts.length / CALLS)} spans, ${TAKE} in a transaction`,
  };
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}

/** Writes facts with COPY to `copied_spans`, a table like the journal, in transactions of the same size. */
export async function copyFacts(client: pg.Client, facts: readonly Fact[]): Promise<void> {
  for (const batch of inBatches(facts, BATCH)) await copyIn(client, batch.map(copyLine).join(''));
}

async function copyIn(client: pg.Client, lines: string): Promise<void> {
  const stream = client.query(
    copyFrom(
      'COPY copied_spans (trace_id, span_id, call_id, turn_index, stage, started_at, ended_at, facts) FROM STDIN',
    ),
  );
  stream.end(lines);
  await once(stream, 'finish');
}

/** A fact as a line of COPY's text format. */
function copyLine(fact: Fact): string {
  const turnIndex = fact.type === 'call' ? undefined : fact.turnIndex;
  const columns = [
    fact.traceId,
    fact.spanId,
    escaped(fact.callId),
    turnIndex === undefined ? '\\N' : String(turnIndex),
    fact.type === 'stage' ? fact.stage : fact.type,
    new Date(fact.startUs / 1_000).toISOString(),
    new Date(fact.endUs / 1_000).toISOString(),
    escaped(JSON.stringify(fact)),
  ];
  return `${columns.join('\t')}\n`;
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\');
