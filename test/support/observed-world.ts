import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DemoWorld, type DemoWorldOptions, startDemoWorld } from '../../demo/world.ts';
import type { Database } from '../../exporter/store/database.ts';
import { getCallFacts, getCallLogs, getCallMetrics } from '../../exporter/store/read.ts';
import type { Fact } from '../../model/facts.ts';
import type { CallLogRow, StoredCallMetrics } from '../../model/rows.ts';
import { poll } from './poll.ts';

/** `--import` of this build's `earshot/register`. */
export const REGISTER: readonly string[] = ['--import', import.meta.resolve('earshot/register')];

/** Loopback stands for every provider: sockets and requests of agents are known without their SDKs, as they are in the field. */
export const PROVIDER_HOSTS = { EARSHOT_PROVIDER_HOSTS: '127.0.0.1,localhost' } as const;

/** A world whose agent is observed by earshot. */
export interface ObservedWorld extends DemoWorld {
  /** Where the agent's spans wait while the database is away. Goes with `close`. */
  readonly spoolDir: string;
}

/** Starts a world whose agent runs under `--import earshot/register` and writes to a database. */
export async function startObservedWorld(
  databaseUrl: string,
  { agent, ...options }: DemoWorldOptions = {},
): Promise<ObservedWorld> {
  // Of its own: a spool is shared by all processes that name it, and what others left would come into this database.
  const spoolDir = await mkdtemp(join(tmpdir(), 'earshot-test-spool-'));
  const env = {
    DATABASE_URL: databaseUrl,
    EARSHOT_SPOOL_DIR: spoolDir,
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_METRICS_EXPORTER: 'none',
    ...PROVIDER_HOSTS,
    ...agent?.env,
  };
  const removeSpool = (): Promise<void> => rm(spoolDir, { recursive: true, force: true });
  try {
    const world = await startDemoWorld({ ...options, agent: { nodeArgs: REGISTER, ...agent, env } });
    const close: DemoWorld['close'] = (deadlineMs) => world.close(deadlineMs).finally(removeSpool);
    return { ...world, close, spoolDir };
  } catch (error) {
    await removeSpool();
    throw error;
  }
}

/** All that the database has of one call. */
export interface StoredCall {
  readonly metrics: StoredCallMetrics;
  readonly logs: readonly CallLogRow[];
  readonly facts: readonly Fact[];
}

/** Waits until a call has its rows and nothing of it waits to be finalized again. */
export async function storedCall(db: Database, callId: string, deadlineMs = 60_000): Promise<StoredCall> {
  const what = `the rows of call ${callId}`;
  const metrics = await poll(
    async () => {
      const queued = await db.query('SELECT 1 FROM earshot.call_queue WHERE call_id = $1', [callId]);
      return queued.length === 0 && (await getCallMetrics(db, callId));
    },
    { deadlineMs, intervalMs: 50, what },
  );
  return { metrics, logs: await getCallLogs(db, callId), facts: await getCallFacts(db, callId) };
}
