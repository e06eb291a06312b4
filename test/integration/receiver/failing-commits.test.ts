import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { otlpRequest, otlpSpan, post } from '../../support/otlp-request.ts';
import { startServe, untilReady } from '../../support/otlp-server.ts';
import { poll } from '../../support/poll.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';

/** Of one process, as docs/operations.md has it. */
const MAX_CONNECTIONS = 6;

let postgres: TestPostgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

const readiness = async (url: string) => (await fetch(`${url}/readyz`)).status;
const bodyOf = async (url: string) => (await fetch(url)).text();

/** A server, and a connection to its database. */
async function serving(t: Parameters<typeof startServe>[0]) {
  const url = await postgres.createMigrated();
  const serve = await startServe(t, { DATABASE_URL: url });
  await untilReady(serve.url);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  t.after(() => client.end());
  return { serve, client };
}

test('while commits fail it is not ready, though the database answers; when one succeeds it is', async (t) => {
  const { serve, client } = await serving(t);
  // As a full disk does it: everything else works.
  await client.query(`\
CREATE FUNCTION earshot.full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER disk_full BEFORE INSERT ON earshot.call_spans EXECUTE FUNCTION earshot.full()`);
  const span = otlpRequest(otlpSpan('FULL'));
  const answer = await post(serve.url, span);
  assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '2']);
  assert.equal(await readiness(serve.url), 503);
  assert.equal((await fetch(`${serve.url}/healthz`)).status, 200, 'a restart would not help');
  await client.query('DROP TRIGGER disk_full ON earshot.call_spans');
  assert.equal((await post(serve.url, span)).status, 200);
  await poll(async () => (await readiness(serve.url)) === 200, { what: 'it is ready again' });
});

test('while spans are taken and rows are not, it says why once; calls get them when they can, at no cost of attempts', async (t) => {
  const { serve, client } = await serving(t);
  await client.query(`\
CREATE SEQUENCE earshot.refused;
CREATE FUNCTION earshot.full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM nextval('earshot.refused'); RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER disk_full BEFORE INSERT ON earshot.call_metrics EXECUTE FUNCTION earshot.full()`);
  const said = (words: RegExp) =>
    serve.lines().flatMap(({ level, message }) => (words.test(String(message)) ? [[level, message]] : []));
  // More than the attempts that a call has. Each wakes the worker.
  let calls = 0;
  await poll(
    async () => {
      assert.equal((await post(serve.url, otlpRequest(otlpSpan(`ROWLESS-${calls++}`)))).status, 200);
      const { rows } = await client.query<{ last_value: string }>('SELECT last_value FROM earshot.refused');
      return Number(rows[0]?.last_value) > 12;
    },
    { intervalMs: 60, what: 'rows are refused again and again' },
  );
  await poll(() => said(/calls/).length > 0, { what: 'it says so' });
  assert.deepEqual(said(/calls/), [
    [
      'error',
      'calls wait for their rows. DATABASE_URL: the disk of the server is full. Make room there (53100).',
    ],
  ]);
  const { rows: tried } = await client.query('SELECT FROM earshot.call_queue WHERE attempts > 1');
  assert.equal(tried.length, 0);
  // Spans are taken, which is what it is asked: another process would be no better off. The body and the metric say more.
  assert.equal(await readiness(serve.url), 200);
  assert.match(await bodyOf(`${serve.url}/readyz`), /Calls wait for their rows/);
  const oldest = /^earshot_queue_oldest_age_seconds (\S+)$/m;
  await poll(async () => Number(oldest.exec(await bodyOf(`${serve.url}/metrics`))?.[1]) > 1, {
    what: 'the oldest call that is due grows older',
  });
  await client.query('DROP TRIGGER disk_full ON earshot.call_metrics');
  await poll(async () => (await client.query('SELECT FROM earshot.call_metrics')).rowCount === calls, {
    what: 'every call has its row',
  });
  await poll(() => said(/calls get their rows again, after/).length === 1, { what: 'it says so' });
  assert.equal(await bodyOf(`${serve.url}/readyz`), 'ready\n');
});

test('while others hold the journal it keeps to its connections, refuses by 503, and goes on afterwards', async (t) => {
  const { serve, client } = await serving(t);
  const connections = async () =>
    (
      await client.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'earshot' AND datname = current_database()`,
      )
    ).rows[0]?.count ?? 0;
  const waiting = async () =>
    (
      await client.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'earshot' AND datname = current_database() AND wait_event_type = 'Lock'`,
      )
    ).rows[0]?.count ?? 0;
  await client.query('BEGIN; LOCK TABLE earshot.call_spans');
  let most = 0;
  const statuses: number[] = [];
  // Each round is given up by the server, more than once, while the next comes.
  for (let round = 0; round < 3; round += 1) {
    const sent = Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        post(serve.url, otlpRequest(otlpSpan(`LOCKED${round}-${index}`))),
      ),
    );
    let answered = false;
    void sent.then(() => {
      answered = true;
    });
    await poll(
      async () => {
        most = Math.max(most, await connections());
        return answered;
      },
      { intervalMs: 50, what: 'the senders are answered' },
    );
    statuses.push(...(await sent).map(({ status }) => status));
    assert.equal(await readiness(serve.url), 503);
  }
  assert.deepEqual(new Set(statuses), new Set([503]));
  assert.ok(most <= MAX_CONNECTIONS, `${most} connections`);
  // A statement that was given up does not go on at the server.
  await poll(async () => (await waiting()) === 0, { what: 'none waits for the lock' });
  await client.query('ROLLBACK');
  await poll(async () => (await post(serve.url, otlpRequest(otlpSpan('FREE')))).status === 200, {
    what: 'spans are taken again',
  });
  assert.ok((await connections()) <= MAX_CONNECTIONS);
});
