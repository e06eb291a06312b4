import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import {
  canWrite,
  type Database,
  deletedCalls,
  deleteExpiredSpans,
  deleteTaggedCalls,
  distributeJournal,
  getCallFacts,
  getCallLogs,
  getCallMetrics,
  Journal,
  migrate,
  openPostgres,
  Queue,
  reprice,
} from '../../../exporter/store/index.ts';
import { dayOf, nameOfDay, partitionsOf } from '../../../exporter/store/journal-days.ts';
import { callFact, countTurns, turnFact } from '../../support/call-rows.ts';
import { assertPlanned, brokenRules, pretendCitus, recording } from '../../support/citus.ts';
import { CliLines } from '../../support/cli.ts';
import { sharedPostgres } from '../../support/databases.ts';
import type { TestPostgres } from '../../support/postgres.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const DAY_MS = 86_400_000;
const SECOND_US = 1_000_000;
const AT_ONCE = { finalizeDelayMs: 0, idleLimitMs: 0 };
const TODAY = dayOf(Date.now());
/** Days 5 and 4 have expired; the edge is at noon of day 3, whatever time it is. */
const RETENTION_MS = Date.now() - (TODAY - 2.5) * DAY_MS;

const at = (daysAgo: number, seconds: number) => {
  const startUs = (TODAY - daysAgo) * DAY_MS * 1_000 + seconds * SECOND_US;
  return { startUs, endUs: startUs + SECOND_US };
};
const queueOf = (db: Database) =>
  new Queue(db, { finalize: countTurns, workerId: 'test', callGapMs: 100 * DAY_MS });

const shared = sharedPostgres();
let postgres: TestPostgres;
const open: Database[] = [];
async function migrated(url?: string) {
  const db = recording(openPostgres({ url: url ?? (await postgres.createDatabase()) }));
  open.push(db);
  await migrate(db);
  return db;
}
/** One whose journal is in shards, as far as we can tell. */
async function distributed() {
  const db = await migrated();
  await pretendCitus(db);
  await distributeJournal(db);
  db.statements.clear();
  return db;
}
before(async () => {
  postgres = await shared.running();
});
after(async () => {
  await Promise.all(open.map((db) => db.close()));
  await shared.leave();
});

it('only a database with Citus is distributed, by call, once', async (t) => {
  const url = await postgres.createDatabase();
  const cwd = await temporaryFolder(t);
  const cli = new CliLines();
  t.after(() => cli.stop());
  const distribute = (...more: string[]) =>
    cli.run(['migrate', '--distribute', ...more], { cwd, env: { EARSHOT_DATABASE_URL: url } });
  const refused = await distribute();
  assert.deepEqual([refused.code, refused.stdout], [1, '']);
  assert.match(refused.stderr, /Citus is not in this database.*Nothing was changed\./);
  const db = recording(openPostgres({ url }));
  open.push(db);
  assert.deepEqual(await db.query("SELECT to_regnamespace('earshot') IS NULL AS empty"), [{ empty: true }]);
  await migrate(db);
  await pretendCitus(db);
  const done = await distribute();
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stdout, /The journal is in shards by call now\./);
  assert.equal(await distributeJournal(db), false);
  assert.deepEqual(
    await db.query(
      "SELECT logicalrelid = 'earshot.call_spans'::regclass AS journal, distributed_by AS by FROM pg_catalog.pg_dist_partition",
    ),
    [{ journal: true, by: 'call_id' }],
  );
});

it('a journal whose key has no call is not distributed', async () => {
  const db = await migrated();
  await pretendCitus(db);
  await db.query(
    `CREATE TABLE :schema.call_spans_before_d20200101 PARTITION OF :schema.call_spans FOR VALUES FROM (MINVALUE) TO ('2020-01-01Z')`,
  );
  await assert.rejects(distributeJournal(db), /wait until they have expired/);
});

/** All that is done with a journal, and what comes of it. */
async function life(db: Database) {
  const journal = new Journal(db, AT_ONCE);
  const finalized = async () => (await queueOf(db).take()).finalized.length;
  const seen: unknown[] = [];
  const tenant = 'acme';
  await journal.append([
    turnFact('c', 0, { ...at(0, 1), spanId: 's0' }),
    turnFact('c', 1, { ...at(0, 5), spanId: 's1' }),
    callFact('c', { ...at(0, 9), spanId: 's2' }),
    turnFact('theirs', 0, { ...at(0, 1), tenant, spanId: 's3' }),
  ]);
  seen.push(await finalized());
  // A late span, one that was there, and one of which there are two.
  await journal.append([
    turnFact('c', 2, { ...at(0, 7), spanId: 's4' }),
    turnFact('c', 0, { ...at(0, 1), spanId: 's0' }),
    turnFact('c', 1, { ...at(0, 6), spanId: 's1' }),
  ]);
  seen.push(await finalized());
  // Its spans have gone, and with them what could be computed.
  await journal.append([turnFact('gone', 0, { ...at(3, 1), spanId: 's5' })]);
  seen.push(await finalized());
  await db.query(`DELETE FROM :schema.call_spans WHERE call_id = 'gone'`);
  await journal.append([turnFact('gone', 1, { ...at(0, 1), spanId: 's6' })]);
  seen.push(await finalized());
  const kinds: unknown[] = [];
  for await (const each of reprice(db, { since: 0, by: 'test', finalize: countTurns, apply: true }))
    kinds.push([each.callId, each.kind]);
  seen.push(kinds.sort());
  for (const [id, whose] of [['c'], ['theirs', tenant], ['gone']] as const) {
    const metrics = await getCallMetrics(db, id ?? '', whose);
    const logs = await getCallLogs(db, id ?? '', whose);
    const facts = await getCallFacts(db, id ?? '', undefined, undefined, whose);
    seen.push([{ ...metrics, finalized_at: 0 }, logs, facts]);
  }
  seen.push([...(await deletedCalls(db, 'default', ['c', 'gone', 'never']))]);
  seen.push(
    await db.query(
      `SELECT call_id, spans_from, spans_until, spans_ended, spans_at = finalized_at AS known FROM :schema.call_metrics ORDER BY 1`,
    ),
  );
  return seen;
}

it('the same comes of the same spans, in one database and in shards', async () => {
  assert.deepEqual(await life(await distributed()), await life(await migrated()));
});

it('a day is dropped when none of its calls goes on or waits, and calls go whole', async () => {
  const db = await distributed();
  const journal = new Journal(db, AT_ONCE);
  await journal.append([
    ...Array.from({ length: 10 }, (_, turn) => turnFact('old', turn, at(5, 100 + turn))),
    turnFact('over midnight', 0, at(4, -5)),
    turnFact('over midnight', 1, at(4, 5)),
    turnFact('over the edge', 0, at(3, -5)),
    turnFact('over the edge', 1, at(3, 5)),
    turnFact('goes on', 0, at(4, 9)),
    turnFact('goes on', 1, at(0, 9)),
    turnFact('long ago', 0, at(60, 9)),
  ]);
  await queueOf(db).take();
  await journal.append([turnFact('rests', 0, at(5, 9))]);
  await db.query(`UPDATE :schema.call_queue SET due_at = 'infinity' WHERE call_id = 'rests'`);
  const spans = async () =>
    (
      await db.query<{ span: string }>(
        `SELECT s.call_id || ' ' || s.turn_index AS span FROM :schema.call_spans s ORDER BY 1`,
      )
    ).map(({ span }) => span);
  const hasDay = async (ago: number) =>
    (await partitionsOf(db))?.times.some(({ name }) => name === nameOfDay(TODAY - ago));
  assert.equal(await deleteExpiredSpans(db, RETENTION_MS), 10 + 2 + 1 + 1);
  assert.deepEqual([await hasDay(5), await hasDay(4), await hasDay(3)], [false, true, true]);
  assert.deepEqual(await spans(), ['goes on 0', 'goes on 1', 'over the edge 0', 'over the edge 1']);
  assert.deepEqual(await db.query('SELECT call_id FROM :schema.call_queue'), []);
  assert.equal((await getCallMetrics(db, 'old'))?.turn_count, 10, 'rows stay');
  // The one that went on has expired with the rest, and so its day goes.
  await db.query(`DELETE FROM :schema.call_spans WHERE call_id = 'goes on' AND turn_index = 1`);
  assert.equal(await deleteExpiredSpans(db, RETENTION_MS), 1 + 2);
  assert.equal(await hasDay(4), false);
});

it('every statement on a journal in shards is one that Citus plans', async () => {
  const db = await distributed();
  await life(db);
  await new Journal(db, AT_ONCE).append([turnFact('old', 0, at(5, 1)), turnFact('long ago', 0, at(60, 9))]);
  await queueOf(db).take();
  await deleteExpiredSpans(db, RETENTION_MS);
  await deleteExpiredSpans(db, 3_600_000);
  await deleteTaggedCalls(db, { demo: 'true' });
  assert.equal(await canWrite(db), true);
  const own = [...db.statements].filter((statement) => !/WHERE call_id = 'gone'$/.test(statement));
  assert.ok(own.filter((statement) => statement.includes('call_spans')).length > 10);
  assertPlanned(own);
});

it('what Citus does not plan is told from what it does', () => {
  for (const refused of [
    'SELECT count(*) FROM :schema.call_spans s JOIN :schema.call_metrics m ON m.call_id = s.call_id',
    'SELECT c.id, (SELECT count(*) FROM :schema.call_spans s WHERE s.tenant = c.tenant) FROM UNNEST($1::text[]) AS c (id)',
    'SELECT s.stage, count(*) FROM :schema.call_spans s GROUP BY s.stage',
    'WITH inserted AS (\n  INSERT INTO :schema.call_spans SELECT 1\n), calls AS (SELECT 1 FROM :schema.call_spans)\nSELECT 1',
    'LOCK TABLE ONLY :schema.call_spans IN ACCESS EXCLUSIVE MODE',
  ])
    assert.notDeepEqual(brokenRules(refused), [], refused);
});
