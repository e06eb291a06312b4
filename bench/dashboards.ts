import pg from 'pg';
import { migrate, openPostgres, type Queryable, rollUpAll } from '../exporter/store/index.ts';
import {
  committedDashboards,
  expandSql,
  openVariables,
  panelsOf,
  type TimeRange,
} from '../test/support/grafana/query.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { median } from './measure.ts';
import type { BenchResult } from './result.ts';
import { storeCalls } from './stored-calls.ts';

const CALLS = Number(process.env.EARSHOT_BENCH_CALLS ?? 100_000);
const DAYS = Number(process.env.EARSHOT_BENCH_DAYS ?? 30);
const ROUNDS = 3;
const WORST = 10;
const LIMIT_MS = 300;

/** What Grafana's panels over thirty days take, the worst ten; and the variables, which are asked before them. */
export async function benchDashboards(): Promise<BenchResult[]> {
  const server = await startPostgres({ shared_buffers: '512MB' });
  try {
    const url = await server.createDatabase();
    const db = openPostgres({ url, statementTimeoutMs: 0, idleInTransactionTimeoutMs: 600_000 });
    await migrate(db);
    await storeCalls(db, CALLS);
    await vacuum(url);
    await rollUpAll(db);
    await vacuum(url);
    const taken = await panelTimes(db);
    await db.close();
    const sorted = taken.toSorted((a, b) => b.ms - a.ms);
    const slow = sorted.filter(({ ms }) => ms > LIMIT_MS).length;
    return [
      {
        name: 'dashboards: slow queries',
        ours: slow,
        unit: 'queries',
        note: `of ${sorted.length} over ${LIMIT_MS} ms, over ${DAYS} days of ${CALLS} calls, variables included`,
      },
      {
        name: 'dashboards: all queries',
        ours: sorted.reduce((sum, { ms }) => sum + ms, 0),
        unit: 'ms',
        note: 'one after the other',
      },
      ...sorted.slice(0, WORST).map(({ name, ms }) => ({ name, ours: ms, unit: 'ms', note: 'warm' })),
    ];
  } finally {
    await server.stop();
  }
}

async function panelTimes(db: Queryable): Promise<{ name: string; ms: number }[]> {
  const to = new Date();
  // A point an hour is what Grafana asks for where a month is on the screen.
  const range: TimeRange = { from: new Date(to.getTime() - DAYS * 86_400_000), to, intervalSeconds: 3_600 };
  const times: { name: string; ms: number }[] = [];
  const timed = async (name: string, sql: string): Promise<Record<string, unknown>[]> => {
    const rounds: number[] = [];
    let rows: Record<string, unknown>[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const begun = performance.now();
      rows = await db.query(sql);
      rounds.push(performance.now() - begun);
    }
    times.push({ name, ms: median(rounds) });
    return rows;
  };
  for (const dashboard of committedDashboards()) {
    if (['voice-call', 'voice-pipeline'].includes(dashboard.uid)) continue;
    const short = dashboard.uid.replace('voice-', '');
    let variables = 0;
    const ask = (sql: string) => timed(`${short}: variable ${++variables}`, sql);
    const choices = await openVariables(dashboard, ask, range);
    for (const panel of panelsOf(dashboard))
      for (const { rawSql } of panel.targets ?? [])
        if (rawSql !== undefined)
          await timed(`${short} ${panel.id}: ${panel.title}`, expandSql(rawSql, choices, range));
  }
  return times;
}

async function vacuum(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('VACUUM ANALYZE');
  await client.end();
}
