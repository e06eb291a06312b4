import { callTotals, type Database } from '../exporter/store/index.ts';
import { getLatency, getQuality, getSilence, getSpending, getTotals } from '../exporter/store/views/index.ts';
import { inTurn } from './measure.ts';
import { aMonth } from './month.ts';
import type { BenchResult } from './result.ts';

/** Those of thirty days. */
const CALLS = Number(process.env.EARSHOT_BENCH_CALLS ?? 100_000);
const ROUNDS = 3;
const TARGET_SECONDS = 1;

const MONTH = { since: Date.now() * 1e3 - 30 * 86_400e6 };
const AGENT = { ...MONTH, agent: ['agent-2'] };
const QUESTIONS: Readonly<Record<string, (db: Database) => Promise<unknown>>> = {
  'report totals': (db) => callTotals(db, {}),
  'page totals': (db) => getTotals(db, MONTH),
  'page silence': (db) => getSilence(db, MONTH, TARGET_SECONDS),
  'page latency': (db) => getLatency(db, MONTH, TARGET_SECONDS),
  'page cost': (db) => getSpending(db, MONTH),
  'page quality': (db) => getQuality(db, MONTH),
  'latency of one agent of five': (db) => getLatency(db, AGENT, TARGET_SECONDS),
  'cost of one agent of five': (db) => getSpending(db, AGENT),
};

/** A mark that no worker sees to: readers take rows, as they do where rollups are behind. */
const BEHIND = `INSERT INTO :schema.rollup_marks (grain, at, tenant, marked_at) VALUES ('slice', now() - interval '1 day', 'bench', now() - interval '1 hour')`;
const CAUGHT_UP = `DELETE FROM :schema.rollup_marks WHERE tenant = 'bench'`;

/** What questions over thirty days take, asked of rollups and asked of rows. */
export async function benchRollups(): Promise<BenchResult[]> {
  const month = await aMonth(CALLS);
  const { db, calls, turns, rolledUpSeconds } = month;
  try {
    const [size] = await db.query<{ rollups: number; rows: number }>(SIZES);
    const results: BenchResult[] = [
      ...(rolledUpSeconds === undefined
        ? []
        : [
            {
              name: 'rollups',
              ours: rolledUpSeconds,
              unit: 's',
              note: `to compute all rollups of ${calls} calls of ${turns} turns, of thirty days`,
            },
          ]),
      {
        name: 'rollups: size',
        ours: size?.rollups ?? 0,
        baseline: size?.rows ?? 0,
        unit: 'MB',
        note: 'against the rows, indexes included',
      },
    ];
    const timed = (ask: (db: Database) => Promise<unknown>, before: string) => async () => {
      await db.query(before);
      const start = performance.now();
      await ask(db);
      return performance.now() - start;
    };
    for (const [name, ask] of Object.entries(QUESTIONS)) {
      const { ours, baseline } = await inTurn(ROUNDS, {
        ours: timed(ask, CAUGHT_UP),
        baseline: timed(ask, BEHIND),
      });
      results.push({ name, ours, baseline, unit: 'ms', note: 'from rollups against from rows' });
    }
    return results;
  } finally {
    await db.query(CAUGHT_UP);
    await month.close();
  }
}

const SIZES = `\
SELECT (sum(size) FILTER (WHERE relname LIKE 'rollup%') / 1048576)::double precision AS rollups,
  (sum(size) FILTER (WHERE relname LIKE 'call_%') / 1048576)::double precision AS rows
FROM (SELECT relname, pg_total_relation_size(oid) AS size FROM pg_class WHERE relkind = 'r' AND relnamespace = ':schema'::regnamespace) AS t`;
