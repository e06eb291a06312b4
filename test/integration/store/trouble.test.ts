import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import pg from 'pg';
import {
  type Database,
  Journal,
  lastingProblem,
  migrate,
  migratingAgain,
  openPostgres,
} from '../../../exporter/store/index.ts';
import { callFact } from '../../support/call-rows.ts';
import { sharedPostgres } from '../../support/databases.ts';
import { poll } from '../../support/poll.ts';
import type { TestPostgres } from '../../support/postgres.ts';

const shared = sharedPostgres();
let server: TestPostgres;
const closing: (() => Promise<void>)[] = [];
before(async () => {
  server = await shared.running();
});
after(async () => {
  for (const close of closing) await close();
  await shared.leave();
});

async function clientOf(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  closing.unshift(() => client.end());
  return client;
}

function open(url: string, options: object = {}): Database {
  const db = openPostgres({ url, ...options });
  closing.unshift(() => db.close());
  return db;
}

it('statements that wait for a lock are ended by the server, on no more connections than allowed', async () => {
  const url = await server.createDatabase();
  const db = open(url, { maxConnections: 2, statementTimeoutMs: 400, connectTimeoutMs: 200 });
  const patient = open(url);
  await migrate(patient);
  await patient.close();
  const holder = await clientOf(url);
  const watcher = await clientOf(url);
  await holder.query('BEGIN; LOCK TABLE earshot.call_spans');
  let most = 0;
  for (let round = 0; round < 3; round += 1) {
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, (_, index) => new Journal(db).append([callFact(`c${round}-${index}`)])),
    );
    assert.ok(results.every(({ status }) => status === 'rejected'));
    const { rows } = await watcher.query<{ connections: number }>(
      `SELECT count(*)::int AS connections FROM pg_stat_activity WHERE application_name = 'earshot' AND datname = current_database()`,
    );
    most = Math.max(most, rows[0]?.connections ?? 0);
  }
  assert.ok(most <= 2, `${most} connections`);
  await holder.query('ROLLBACK');
  let last = 0;
  await poll(() => new Journal(db).append([callFact(`c${last++}`)]), {
    what: 'its connections are free again',
  });
});

it('tables that another process is making again are waited for', async () => {
  const db = open(await server.createDatabase());
  let early = true;
  const halfMade = migratingAgain({
    transaction: (work) => db.transaction(work),
    close: () => db.close(),
    query: (text, params) => {
      if (!early) return db.query(text, params);
      early = false;
      return Promise.reject(Object.assign(new Error('column "ended_at" does not exist'), { code: '42703' }));
    },
  });
  assert.equal((await new Journal(halfMade).append([callFact('c')])).written, 1);
});

it('a database that is emptied while a process runs has its tables again', async () => {
  const url = await server.createDatabase();
  const db = migratingAgain(open(url));
  await migrate(db);
  const client = await clientOf(url);
  for (const damage of [
    'DROP SCHEMA earshot CASCADE',
    'DROP TABLE earshot.call_spans, earshot.earshot_migrations, earshot.call_queue, earshot.call_logs, earshot.call_metrics',
  ]) {
    await client.query(damage);
    const results = await Promise.all(['a', 'b'].map((callId) => new Journal(db).append([callFact(callId)])));
    assert.deepEqual(
      results.map(({ written }) => written),
      [1, 1],
      damage,
    );
  }
});

it('what waiting does not fix is said as what it is, without the URL', async () => {
  const url = new URL(await server.createDatabase());
  const admin = await clientOf(url.href);
  await admin.query('CREATE ROLE powerless LOGIN');
  const changed = (part: 'pathname' | 'username' | 'hostname', value: string) => {
    const to = new URL(url);
    to[part] = value;
    return to.href;
  };
  const cases: [string, RegExp][] = [
    [changed('pathname', '/nowhere'), /no database of that name.*3D000/],
    [changed('username', 'powerless'), /no right.*42501/],
    [changed('hostname', 'nowhere.invalid'), /no host of that name.*(ENOTFOUND|EAI_AGAIN)/],
    ['http://127.0.0.1/database', /not a URL of PostgreSQL/],
    ['secret-word', /not a URL of PostgreSQL/],
  ];
  for (const [wrong, expected] of cases) {
    const error = await migrate(open(wrong)).then(
      () => assert.fail(wrong),
      (reason: unknown) => reason,
    );
    assert.match(lastingProblem(error) ?? String(error), expected);
    assert.doesNotMatch(lastingProblem(error) ?? '', /secret|127\.0/);
  }
  await admin.query('CREATE SCHEMA earshot; CREATE TABLE earshot.call_logs (id int)');
  const error = await migrate(open(url.href)).catch((reason: unknown) => reason);
  assert.match(lastingProblem(error) ?? String(error), /already.*EARSHOT_SCHEMA.*42P07/);
});

it('a certificate that cannot be read is said without its path', async () => {
  const url = 'postgres://x@127.0.0.1:1/x?sslmode=verify-full&sslrootcert=/secret/place/root.pem';
  await assert.rejects(open(url).query('SELECT 1'), (error: Error) => {
    assert.match(error.message, /sslrootcert, sslcert or sslkey cannot be read \(ENOENT\)/);
    assert.match(lastingProblem(error) ?? '', /Check its path/);
    assert.doesNotMatch(String(error.stack) + String(error.cause), /secret/);
    return true;
  });
});
