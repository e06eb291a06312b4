import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as passed } from 'node:timers/promises';
import { openPostgres } from '../exporter/store/index.ts';
import { poll } from '../test/support/poll.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { Agent, type LoopReport } from './agent.ts';
import type { BenchResult } from './result.ts';

const TURNS = 20_000;
const LIVE_CALLS = 10;
const MANY_CALLS = 1_000;
/** People take turns so slowly. */
const MANY_PAUSE_MS = 9_000;
const SECONDS = Number(process.env.EARSHOT_BENCH_SECONDS ?? 8);

/**
 * How late the event loop of a voice agent is: with ten live calls, and while a call of its own with 20,000 turns is turned
 * into rows beside them; against the same process without calls. And with a thousand live calls, against the same calls
 * of which earshot is told nothing.
 */
export async function benchAgentLoop(): Promise<BenchResult[]> {
  const server = await startPostgres();
  const spool = await mkdtemp(join(tmpdir(), 'earshot-bench-'));
  const url = await server.createDatabase();
  const db = openPostgres({ url });
  const agent = new Agent({
    DATABASE_URL: url,
    EARSHOT_SPOOL_DIR: spool,
    EARSHOT_FINALIZE_DELAY: '500ms',
    EARSHOT_MAX_CALL_SPANS: String(2 * TURNS),
  });
  try {
    const finalized = (callId: string) =>
      poll(
        async () =>
          (await db.query('SELECT FROM :schema.call_metrics WHERE call_id = $1', [callId])).length === 1,
        { intervalMs: 100, what: `the row of ${callId}` },
      );
    await agent.tell({ kind: 'watch' });
    // A first one, so that code is loaded and compiled and the thread has started.
    await agent.tell({ kind: 'large', callId: 'first', turns: 500 });
    await finalized('first');
    const first = await agent.tell<LoopReport>({ kind: 'measured' });
    await passed(SECONDS * 1_000);
    const idle = await agent.tell<LoopReport>({ kind: 'measured' });
    await agent.tell({ kind: 'live', calls: LIVE_CALLS, exchanges: 4 });
    await passed(SECONDS * 1_000);
    const live = await agent.tell<LoopReport>({ kind: 'measured' });
    await agent.tell({ kind: 'large', callId: 'large', turns: TURNS });
    await finalized('large');
    // Its metrics are recorded after the commit.
    await passed(2_000);
    const large = await agent.tell<LoopReport>({ kind: 'measured' });
    await agent.tell({ kind: 'hang-up' });
    const without = await many(agent, true);
    const told = await many(agent, false);
    return [
      ...lines('live calls', live, idle, `${LIVE_CALLS} live calls`),
      ...lines('first call finalized', first, idle, 'a call of 500 turns, the first of the process'),
      ...lines(
        '20,000 turns finalized',
        large,
        idle,
        `a call of ${TURNS} turns beside ${LIVE_CALLS} live ones`,
      ),
      ...lines(
        'thousand calls',
        told,
        without,
        `${MANY_CALLS} live calls, an exchange in each every ${MANY_PAUSE_MS / 1_000} s and some`,
        'the same timers without earshot',
      ),
    ];
  } finally {
    await agent.stop();
    await db.close();
    await server.stop();
    await rm(spool, { recursive: true, force: true });
  }
}

/** A thousand calls, once all of them go on. */
async function many(agent: Agent, untold: boolean): Promise<LoopReport> {
  await agent.tell({ kind: 'live', calls: MANY_CALLS, exchanges: 20, pauseMs: MANY_PAUSE_MS, untold });
  await passed(MANY_PAUSE_MS + 1_000);
  await agent.tell({ kind: 'measured' });
  await passed(SECONDS * 1_000);
  const report = await agent.tell<LoopReport>({ kind: 'measured' });
  await agent.tell({ kind: 'hang-up' });
  return report;
}

function lines(
  name: string,
  ours: LoopReport,
  idle: LoopReport,
  what: string,
  against = 'idle',
): BenchResult[] {
  return (['delay', 'work'] as const).flatMap((by) =>
    (['p50', 'p99', 'p999', 'max'] as const).map((quantile) => ({
      name: `loop ${by}, ${name}, ${quantile}`,
      ours: ours[by][quantile],
      baseline: idle[by][quantile],
      unit: 'ms',
      note: `${by === 'delay' ? "lateness of an agent's event loop" : 'CPU of its thread between two rounds of the loop'}: ${what}; against ${against}`,
    })),
  );
}
