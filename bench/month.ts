import pg from 'pg';
import { type Database, migrate, openPostgres, rollUpAll } from '../exporter/store/index.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { storeCalls, TURNS } from './stored-calls.ts';

/** A database of one that measures, or one that is kept for all that do: made where this names an empty one. */
const KEPT = process.env.EARSHOT_BENCH_DATABASE_URL;

/** Stored calls of thirty days, with their rollups. */
export interface Month {
  readonly db: Database;
  readonly url: string;
  readonly calls: number;
  /** Of each call. */
  readonly turns: number;
  /** Just after the last call began. A kept database gets older. */
  readonly until: Date;
  /** Seconds that the rollups took; undefined where they were there. */
  readonly rolledUpSeconds: number | undefined;
  close(): Promise<void>;
}

/**
 * Thirty days of calls, ready to be read: rolled up, vacuumed and analyzed. Where `EARSHOT_BENCH_DATABASE_URL` names a
 * database it is filled the first time and kept as it is from then on; else a server is made and removed.
 *
 * @param calls - where there are none yet
 */
export async function aMonth(calls: number): Promise<Month> {
  const server = KEPT === undefined ? await startPostgres({ shared_buffers: '512MB' }) : undefined;
  const url = KEPT ?? (await server?.createDatabase()) ?? '';
  const db = openPostgres({ url, statementTimeoutMs: 0, idleInTransactionTimeoutMs: 600_000 });
  const close = async () => {
    await db.close();
    await server?.stop();
  };
  try {
    await migrate(db);
    const isFilled = (await stored(db)).calls > 0;
    if (!isFilled) {
      await storeCalls(db, calls);
      await vacuum(url);
    }
    const begun = performance.now();
    const periods = await rollUpAll(db);
    const rolledUpSeconds = (performance.now() - begun) / 1_000;
    // What a kept database has become a few hours older is not worth it.
    if (!isFilled || periods > 100) await vacuum(url);
    return {
      db,
      url,
      ...(await stored(db)),
      turns: TURNS,
      rolledUpSeconds: isFilled ? undefined : rolledUpSeconds,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function stored(db: Database): Promise<{ calls: number; until: Date }> {
  const [row] = await db.query<{ calls: number; until: number | null }>(
    `SELECT count(*)::int AS calls, (extract(epoch FROM max(started_at)) * 1000)::double precision AS until FROM :schema.call_metrics`,
  );
  return { calls: row?.calls ?? 0, until: new Date(Math.ceil(row?.until ?? Date.now()) + 1) };
}

/** As a database is that has been running: with statistics, and pages that are known to be visible. */
async function vacuum(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('VACUUM ANALYZE');
  await client.end();
}
