import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startGround, stopGround } from '../support/fleet/ground.ts';
import { faultRun, type Ground } from '../support/fleet/run.ts';
import { noPgBouncer, PgBouncer } from '../support/postgres/pgbouncer.ts';

/** To the database. The workers have six each to PgBouncer. */
const CONNECTIONS = 3;

describe('behind PgBouncer in transaction mode', { skip: noPgBouncer }, () => {
  let ground: Ground;
  let bouncer: PgBouncer;
  before(async () => {
    ground = await startGround(3, {
      between: async (url) => {
        bouncer = await PgBouncer.start(url, CONNECTIONS);
        return bouncer.through(url);
      },
    });
  });
  after(async () => {
    await stopGround(ground);
    await bouncer.stop();
  });

  const options = {
    calls: 40,
    workers: 3,
    outageMs: 1_500,
    spreadMs: 1_800,
    cutShare: 0.5,
    lapseClaims: true,
  } as const;

  test('killed workers and a database that restarts: rows as if nothing had happened, on its few connections', async () => {
    await faultRun(ground, { ...options, seed: 6_000, killEveryMs: 900, databaseFault: 'restart' });
    const watcher = new pg.Client({ connectionString: ground.postgres.url });
    await watcher.connect();
    const { rows } = await watcher.query(
      `SELECT FROM pg_stat_activity WHERE datname = 'test_1' AND backend_type = 'client backend'`,
    );
    await watcher.end();
    assert.ok(rows.length <= CONNECTIONS, `${rows.length} connections`);
  });

  test('it is killed itself: rows as if nothing had happened', async () => {
    await faultRun(ground, {
      ...options,
      seed: 6_001,
      databaseFault: async () => {
        await bouncer.kill();
        await sleep(options.outageMs);
        await bouncer.up();
      },
    });
  });

  test('settings of a transaction are not left to the next client', async () => {
    const client = new pg.Client({
      connectionString: bouncer.through(ground.postgres.url.replace(/postgres$/, 'test_1')),
    });
    await client.connect();
    for (let round = 0; round < 2 * CONNECTIONS; round += 1) {
      const { rows } = await client.query('SHOW statement_timeout');
      assert.deepEqual(rows, [{ statement_timeout: '0' }]);
    }
    await client.end();
  });
});
