import pg from 'pg';
import { migrate, openPostgres } from '../exporter/store/index.ts';
import { type ServeProcess, startServe, untilReady } from '../test/support/otlp-server.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { startCollector, type Target } from './collector.ts';
import { FINISHED_ROWS } from './finished-calls.ts';
import { copyFacts } from './journal.ts';
import { LoadMeter, load, type Measured } from './load-meter.ts';
import { LoadRequests } from './load-requests.ts';
import { median } from './measure.ts';
import { cpuSeconds, peakMegabytes } from './process-cpu.ts';
import type { BenchResult } from './result.ts';

/** PostgreSQL as it comes, with memory as its manual advises; the tests' server trades safety for speed. */
const DURABLE = { fsync: 'on', full_page_writes: 'on', shared_buffers: '1GB', max_wal_size: '4GB' };

/** Seconds of load a measurement; rounds of which the median counts. */
const SECONDS = Number(process.env.EARSHOT_BENCH_SECONDS ?? 8);
const ROUNDS = Number(process.env.EARSHOT_BENCH_ROUNDS ?? 3);
const FINISHED_CALLS = Number(process.env.EARSHOT_BENCH_FINISHED_CALLS ?? 1_000_000);
/** Requests are prepared for at most so many spans a second. */
const MOST_PER_SECOND = 80_000;
const CONNECTIONS = 16;
/** Of the overload: as many times what the process sustains, on so many connections. */
const OVERLOAD = 10;
const OVERLOAD_CONNECTIONS = 512;
const OVERLOAD_SECONDS = 5;
const OPEN_CALL_ROUNDS = 25;
const STORED_PER_REQUEST = 450;

/**
 * What one `earshot serve` process takes: OTLP protobuf with gzip over HTTP to committed rows of the journal, while it
 * turns the calls that end into rows, too. The client's bodies are made beforehand. Linux only.
 */
export async function benchServeLoad(): Promise<BenchResult[]> {
  const server = await startPostgres(DURABLE);
  const cleanUps: (() => unknown)[] = [];
  const url = await server.createDatabase();
  const client = new pg.Client({ connectionString: url });
  try {
    const db = openPostgres({ url, statementTimeoutMs: 0 });
    cleanUps.push(() => db.close());
    await migrate(db);
    await client.connect();
    await client.query('CREATE TABLE copied_spans (LIKE earshot.call_spans INCLUDING ALL)');
    const after = (cleanUp: () => unknown) => void cleanUps.unshift(cleanUp);
    const serve = await startServe({ after } as Parameters<typeof startServe>[0], {
      DATABASE_URL: url,
      // Short, so that calls are finalized at the same rate as their spans come, from the beginning to the end.
      EARSHOT_FINALIZE_DELAY: '200ms',
      EARSHOT_LOG_LEVEL: 'info',
      ...(process.env.EARSHOT_BENCH_NODE_OPTIONS && { NODE_OPTIONS: process.env.EARSHOT_BENCH_NODE_OPTIONS }),
    });
    await untilReady(serve.url);
    const collector = await startCollector(after);
    if (collector === undefined)
      process.stderr.write(
        'No Collector is built: nothing to compare with. `npm run test:stack` builds one.\n',
      );
    const results = await new Load(client, serve, collector).results();
    serve.kill('SIGTERM');
    await serve.ended;
    return results;
  } finally {
    for (const cleanUp of cleanUps) await cleanUp();
    await client.end().catch(() => {});
    await server.stop();
  }
}

class Load {
  readonly #client: pg.Client;
  readonly #serve: ServeProcess;
  readonly #collector: Target | undefined;
  readonly #requests = new LoadRequests();
  readonly #meter: LoadMeter;

  constructor(client: pg.Client, serve: ServeProcess, collector: Target | undefined) {
    this.#client = client;
    this.#serve = serve;
    this.#collector = collector;
    this.#meter = new LoadMeter(client, serve, this.#requests.parts);
  }

  async results(): Promise<BenchResult[]> {
    await this.#meter.open();
    const results: BenchResult[] = [];
    const first = await this.#flood();
    const collectorFirst = await this.#collectorUs();
    const copied: number[] = [];
    const sustained: Measured[] = [];
    const collected: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      copied.push(await this.#copy());
      sustained.push(await this.#flood());
      collected.push(await this.#collectorUs());
    }
    const rate = median(sustained.map(({ perSecond }) => perSecond));
    const serveUs = median(sustained.map((each) => each.serveUs));
    const databaseUs = median(sustained.map((each) => each.databaseUs));
    results.push(
      {
        name: 'serve: spans to committed rows',
        ours: rate,
        baseline: median(copied),
        unit: 'spans/s',
        note: `one process, one PostgreSQL, ${CONNECTIONS} connections, requests of 512 spans, calls finalized meanwhile; against COPY of the same journal rows in transactions of 2000; medians of ${ROUNDS} rounds of ${SECONDS} s`,
      },
      {
        name: 'serve: CPU of the process',
        ours: serveUs,
        baseline: 1e6 / 20_000,
        unit: 'µs/span',
        note: 'all threads, until the calls have rows; against the 50 µs that 20,000 spans/s on one core allow',
      },
      beside('serve: CPU, the Collector', serveUs, median(collected), 'the same'),
      beside(
        'serve: CPU at first, the Collector',
        first.serveUs,
        collectorFirst,
        `of the first ${SECONDS} s`,
      ),
      {
        name: 'serve: CPU of PostgreSQL',
        ours: databaseUs,
        baseline: 1e6 / 20_000,
        unit: 'µs/span',
        note: 'all of its processes',
      },
      {
        name: 'serve: ended calls that wait for rows',
        ours: median(sustained.map(({ backlog }) => backlog)),
        baseline: median(sustained.map(({ backlog, finalized }) => backlog + finalized)),
        unit: 'calls',
        note: 'when the load ends, of all calls that had ended by then',
      },
    );
    results.push(await this.#size());
    results.push(...(await this.#half(rate)), ...(await this.#overload(rate)));
    results.push(await this.#openCalls(rate));
    if (FINISHED_CALLS > 0) results.push(await this.#filled());
    return results;
  }

  /** As fast as it answers, on an empty journal. */
  async #flood(): Promise<Measured> {
    await this.#meter.empty();
    return this.#meter.measure(this.#everything());
  }

  /** Microseconds of CPU a span of the Collector, with bodies as those of `#flood`. NaN: there is none. */
  async #collectorUs(): Promise<number> {
    const collector = this.#collector;
    if (collector === undefined) return Number.NaN;
    let before = 0;
    const report = await load(collector, this.#everything(), () => {
      before = cpuSeconds(collector.pid);
    });
    return ((cpuSeconds(collector.pid) - before) / report.acknowledged.length) * 1e6;
  }

  #everything() {
    return {
      requests: this.#meter.next(Math.ceil((MOST_PER_SECOND * SECONDS) / STORED_PER_REQUEST)),
      connections: CONNECTIONS,
      durationMs: SECONDS * 1_000,
    };
  }

  async #copy(): Promise<number> {
    await this.#client.query('TRUNCATE copied_spans');
    const facts = this.#meter.next(2 * this.#requests.parts).flatMap((id) => this.#requests.facts(id));
    const startMs = performance.now();
    await copyFacts(this.#client, facts);
    return (facts.length * 1_000) / (performance.now() - startMs);
  }

  async #size(): Promise<BenchResult> {
    const [row] = (await this.#client.query<{ bytes: number }>(SIZE)).rows;
    const note = 'of call_spans with its indexes, freshly written';
    return { name: 'serve: a span in the journal', ours: row?.bytes ?? Number.NaN, unit: 'bytes', note };
  }

  async #half(rate: number): Promise<BenchResult[]> {
    await this.#meter.empty();
    const perSecond = rate / 2 / STORED_PER_REQUEST;
    const { latenciesMs, statuses, backlog, finalized } = await this.#meter.measure({
      requests: this.#meter.next(Math.ceil(perSecond * SECONDS)),
      connections: CONNECTIONS,
      perSecond,
      durationMs: SECONDS * 1_000,
    });
    const quantile = (q: number) => latenciesMs[Math.floor(latenciesMs.length * q)] ?? Number.NaN;
    const note = `at half of that load, sent at even times; from when a request was due; answers ${JSON.stringify(statuses)}`;
    return [
      {
        name: 'serve: ended calls that wait, at half',
        ours: backlog,
        baseline: backlog + finalized,
        unit: 'calls',
        note: 'as above, at half of the load',
      },
      { name: 'serve: acknowledgement, p50', ours: quantile(0.5), unit: 'ms', note },
      { name: 'serve: acknowledgement, p99', ours: quantile(0.99), baseline: 250, unit: 'ms', note },
    ];
  }

  async #overload(rate: number): Promise<BenchResult[]> {
    await this.#meter.empty();
    const perSecond = (OVERLOAD * rate) / STORED_PER_REQUEST;
    const report = await this.#meter.measure({
      requests: this.#meter.next(Math.ceil(perSecond * OVERLOAD_SECONDS)),
      connections: OVERLOAD_CONNECTIONS,
      perSecond,
      durationMs: OVERLOAD_SECONDS * 1_000,
    });
    const { rows } = await this.#client.query<{ id: string }>(
      'SELECT trace_id || span_id AS id FROM earshot.call_spans',
    );
    const journal = new Set(rows.map(({ id }) => id));
    const lost = report.acknowledged.filter((id) => !journal.has(id)).length;
    const answers = JSON.stringify(report.statuses);
    return [
      {
        name: 'serve: taken under overload',
        ours: report.perSecond,
        baseline: rate,
        unit: 'spans/s',
        note: `${OVERLOAD} times the load on ${OVERLOAD_CONNECTIONS} connections for ${OVERLOAD_SECONDS} s; answers ${answers}; against the sustained rate`,
      },
      {
        name: 'serve: acknowledged and not in the journal',
        ours: lost,
        baseline: report.spans,
        unit: 'spans',
        note: 'of the spans acknowledged under overload: must be 0',
      },
      {
        name: 'serve: most memory so far',
        ours: peakMegabytes(this.#serve.pid),
        unit: 'MB',
        note: 'resident, over all of the above',
      },
    ];
  }

  async #openCalls(rate: number): Promise<BenchResult> {
    await this.#meter.empty();
    const rounds = Array.from({ length: OPEN_CALL_ROUNDS }, () => this.#meter.nextRound());
    const requests = Array.from({ length: this.#requests.parts }, (_, part) =>
      rounds.map((round) => ({ round, part })),
    ).flat();
    const { perSecond } = await this.#meter.measure({
      requests,
      together: true,
      connections: CONNECTIONS,
      durationMs: SECONDS * 1_000,
    });
    const [row] = (
      await this.#client.query<{ calls: number }>('SELECT count(*)::int AS calls FROM earshot.call_queue')
    ).rows;
    return {
      name: 'serve: with many calls open at once',
      ours: perSecond,
      baseline: rate,
      unit: 'spans/s',
      note: `${row?.calls} calls in the queue at the end, all begun together; against the rate above, with some 90`,
    };
  }

  async #filled(): Promise<BenchResult> {
    const empty = median([(await this.#flood()).perSecond, (await this.#flood()).perSecond]);
    await this.#meter.empty();
    const startMs = performance.now();
    for (const statement of FILL) await this.#client.query(statement, [FINISHED_CALLS]);
    await this.#client.query('VACUUM ANALYZE');
    await this.#client.query('CHECKPOINT');
    const fillSeconds = (performance.now() - startMs) / 1_000;
    const rates: number[] = [];
    // Not the first: after a checkpoint each page of an index is written whole when it is touched for the first time.
    for (let round = 0; round < 3; round += 1) {
      const { perSecond } = await this.#meter.measure(this.#everything());
      if (round > 0) rates.push(perSecond);
    }
    return {
      name: 'serve: with finished calls in the database',
      ours: median(rates),
      baseline: empty,
      unit: 'spans/s',
      note: `${FINISHED_CALLS} calls, each with its row, a turn's row and three spans (filled in ${fillSeconds.toFixed(0)} s); against empty tables just before`,
    };
  }
}

const SIZE = `\
SELECT sum(pg_total_relation_size(relid))::float8 / greatest((SELECT count(*) FROM earshot.call_spans), 1) AS bytes
FROM pg_partition_tree('earshot.call_spans')`;

/** A line that has a baseline where there is a Collector. */
const beside = (name: string, ours: number, collector: number, what: string): BenchResult => ({
  name,
  ours,
  ...(Number.isFinite(collector) && { baseline: collector }),
  unit: 'µs/span',
  note: `${what}; against the Collector from OTLP to the histograms of span_metrics for Prometheus, the same bodies in turn`,
});

/** Finished calls as they lie in the tables for a month: $1 of them. */
const FILL = [
  `INSERT INTO earshot.call_spans (trace_id, span_id, call_id, turn_index, stage, started_at, ended_at, facts)
   SELECT md5(n || '-' || s), left(md5(s || '-' || n), 16), md5('call' || n), s, 'turn',
     now() - n * interval '2 s', now() - n * interval '2 s' + interval '5 s',
     jsonb_build_object('type', 'turn', 'name', 'voice.turn', 'callId', md5('call' || n), 'turnIndex', s)
   FROM generate_series(1, $1::int) AS n, generate_series(0, 2) AS s`,
  ...FINISHED_ROWS,
];
