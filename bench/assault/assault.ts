import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as passed } from 'node:timers/promises';
import { type Database, getCallMetrics, migrate, openPostgres } from '../../exporter/store/index.ts';
import { startServe, untilReady } from '../../test/support/otlp-server.ts';
import { poll } from '../../test/support/poll.ts';
import { startPostgres } from '../../test/support/postgres.ts';
import { Agent, type EndedCall, type LoopReport } from '../agent.ts';
import type { BenchResult } from '../result.ts';
import { LATE_CALL, type Target } from './attacks.ts';
import { Innocents } from './innocents.ts';
import { Load } from './load.ts';
import { Memory } from './memory.ts';

/** Of the assault. Twenty minutes are the proof; some seconds show that the script works. */
const SECONDS = Number(process.env.EARSHOT_ASSAULT_SECONDS ?? 1_200);
/** Requests a second of the load; 0: half of what the process takes before. */
const LOAD = Number(process.env.EARSHOT_ASSAULT_LOAD ?? 0);
const BEFORE_MS = 20_000;
const HEAP_MB = 512;
const LIVE_CALLS = 10;
const TOKEN = 'the token of the assault';
const ROLE = 'serve';
const CONNECTIONS_OF_SERVE = 6;

type Answers = Readonly<Record<string, Readonly<Record<string, number>>>>;

/**
 * Everything that has stopped a process, or might, at once and for twenty minutes: beside the load bench at half, a
 * fleet's calls, and a voice agent with ten live ones on the same database. Fails unless every call of theirs is complete
 * and right, no acknowledged span is missing, and `earshot serve` lives. Linux only.
 *
 * @throws Error with what was not so.
 */
export async function benchAssault(): Promise<BenchResult[]> {
  const cleanUps: (() => unknown)[] = [];
  try {
    return await assault((cleanUp) => void cleanUps.unshift(cleanUp));
  } finally {
    for (const cleanUp of cleanUps) await cleanUp();
  }
}

async function assault(after: (cleanUp: () => unknown) => void): Promise<BenchResult[]> {
  const server = await startPostgres({ shared_buffers: '512MB', max_wal_size: '4GB' });
  after(() => server.stop());
  const databaseUrl = await server.createDatabase();
  const open = (url: string): Database => {
    const db = openPostgres({ url, maxConnections: 2, statementTimeoutMs: 0 });
    after(() => db.close());
    return db;
  };
  const [db, reference] = [open(databaseUrl), open(await server.createDatabase())];
  await migrate(db);
  await migrate(reference);
  // So that its connections are told from those of others.
  await db.query(`CREATE ROLE ${ROLE} SUPERUSER LOGIN`);
  const serveUrl = new URL(databaseUrl);
  serveUrl.username = ROLE;
  const spool = await mkdtemp(join(tmpdir(), 'earshot-assault-'));
  after(() => rm(spool, { recursive: true, force: true }));
  const serve = await startServe({ after } as Parameters<typeof startServe>[0], {
    DATABASE_URL: serveUrl.href,
    EARSHOT_AUTH_TOKEN: TOKEN,
    EARSHOT_FINALIZE_DELAY: '500ms',
    EARSHOT_IDLE_LIMIT: '5s',
    EARSHOT_LOG_LEVEL: 'info',
    EARSHOT_SPOOL_DIR: join(spool, 'serve'),
    NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}`,
  });
  await untilReady(serve.url);
  let ended = false;
  void serve.ended.then(() => {
    ended = true;
  });
  const agent = new Agent({
    DATABASE_URL: databaseUrl,
    EARSHOT_SPOOL_DIR: join(spool, 'agent'),
    EARSHOT_FINALIZE_DELAY: '500ms',
  });
  after(() => agent.stop());
  const own = agent.comesFirst() ? '' : "; the agent has no priority: its delays are the machine's too";
  const target: Target = { url: serve.url, token: TOKEN, databaseUrl };
  const load = new Load(target);
  const perSecond = LOAD || (await load.most(5)) / 2;

  // What it adds to the same calls is measured. They are started first, so that nothing is compiled or loaded later.
  await agent.tell({ kind: 'live', calls: LIVE_CALLS, exchanges: 6 });
  await passed(BEFORE_MS);
  await agent.tell({ kind: 'watch' });
  await passed(BEFORE_MS);
  const before = await agent.tell<LoopReport>({ kind: 'measured' });

  const stop = new AbortController();
  const memory = new Memory(serve.pid);
  const innocents = new Innocents(target);
  const attackers = fork(new URL('attackers-process.js', import.meta.url));
  after(() => attackers.kill('SIGKILL'));
  attackers.send(target);
  const connections = mostConnections(db, stop.signal);
  const going = Promise.all([innocents.send(stop.signal), load.keep(perSecond, db, stop.signal)]);
  await passed(SECONDS * 1_000);
  // While they go on.
  const lateHasRows = await poll(() => getCallMetrics(db, LATE_CALL), {
    deadlineMs: 120_000,
    intervalMs: 500,
  }).then(
    () => true,
    () => false,
  );
  const loop = await agent.tell<LoopReport>({ kind: 'measured' });
  const live = await agent.tell<EndedCall[]>({ kind: 'hang-up' });
  stop.abort();
  const told = once(attackers, 'message') as Promise<[Answers]>;
  attackers.send('stop');
  await going;
  const [answers] = await told;
  const held = memory.report();
  await agent.tell({ kind: 'flush' });

  const { calls, right } = await innocents.complete(db, reference);
  const agentRight = await rightCalls(db, live);
  const faults = [
    ...(ended ? ['earshot serve ended'] : []),
    ...(right < calls ? [`${calls - right} of ${calls} innocent calls are not right`] : []),
    ...(agentRight < live.length
      ? [`${live.length - agentRight} of ${live.length} calls of the agent are not right`]
      : []),
    ...(load.lost > 0 ? [`${load.lost} acknowledged spans are not in the journal`] : []),
    ...(lateHasRows ? [] : ['the call whose spans never end has no rows']),
    ...((await connections) > CONNECTIONS_OF_SERVE
      ? [`${await connections} connections of earshot serve`]
      : []),
  ];
  const note = `${SECONDS} s of everything at once; ${perSecond.toFixed(1)} requests of 512 spans a second beside it; heap of ${HEAP_MB} MB${own}`;
  for (const [attack, counts] of Object.entries(answers))
    process.stderr.write(`${attack}: ${JSON.stringify(counts)}\n`);
  process.stderr.write(`load: ${JSON.stringify(load.statuses)}\n`);
  if (faults.length > 0) throw new Error(`The assault has shown: ${faults.join('; ')}.`);
  const line = (name: string, ours: number, unit: string, baseline?: number): BenchResult => ({
    name: `assault: ${name}`,
    ours,
    unit,
    note,
    ...(baseline !== undefined && { baseline }),
  });
  const latencies = load.latenciesMs.sort((a, b) => a - b);
  return [
    line('innocent calls complete and right', right, 'calls', calls),
    line("agent's calls complete and right", agentRight, 'calls', live.length),
    line('acknowledged spans of the load', load.acknowledged, 'spans'),
    line('load, answered after, p99', latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN, 'ms'),
    line('deliveries put off', innocents.putOff, 'answers'),
    ...(['delay', 'work'] as const).flatMap((by) =>
      (['p50', 'p99', 'p999', 'max'] as const).map((quantile) =>
        line(`agent's loop, ${by}, ${quantile}`, loop[by][quantile], 'ms', before[by][quantile]),
      ),
    ),
    ...held.thirds.map((megabytes, index) => line(`memory of serve, third ${index + 1}`, megabytes, 'MB')),
    line('memory of serve, most', held.most, 'MB', HEAP_MB),
    line('connections of serve, most', await connections, '', CONNECTIONS_OF_SERVE),
  ];
}

/** How many of an agent's calls have a row with all of their turns and costs. */
async function rightCalls(db: Database, calls: readonly EndedCall[]): Promise<number> {
  let right = 0;
  for (const { callId, turns } of calls) {
    const isRight = async () => {
      const row = await getCallMetrics(db, callId);
      return (
        row?.turn_count === turns &&
        row.outcome === 'SUCCESS' &&
        row.llm_input_tokens === 812 * turns &&
        row.tts_characters === 25 * turns
      );
    };
    right += await poll(isRight, { deadlineMs: 120_000, intervalMs: 250 }).then(
      () => 1,
      () => 0,
    );
  }
  return right;
}

/** The most connections that earshot serve had at once. */
async function mostConnections(db: Database, stop: AbortSignal): Promise<number> {
  let most = 0;
  while (!stop.aborted) {
    const [row] = await db.query<{ connections: number }>(
      `SELECT count(*)::int AS connections FROM pg_stat_activity WHERE usename = '${ROLE}'`,
    );
    most = Math.max(most, row?.connections ?? 0);
    await passed(1_000);
  }
  return most;
}
