import assert from 'node:assert/strict';
import { it } from 'node:test';
import { MIGRATIONS } from '../../../exporter/generated/migrations.ts';
import {
  type Database,
  deleteExpiredSpans,
  getCallMetrics,
  Journal,
  migrate,
  partitionJournal,
  Queue,
  useTenantKeys,
  wholeJournal,
} from '../../../exporter/store/index.ts';
import { dayOf, nameOfBefore, nameOfDay } from '../../../exporter/store/journal-days.ts';
import type { Fact } from '../../../model/facts.ts';
import { callFact, countTurns, turnFact } from '../../support/call-rows.ts';
import { onEachDatabase } from '../../support/databases.ts';

const DAY_MS = 86_400_000;
const AT_ONCE = { finalizeDelayMs: 0, idleLimitMs: 0 };
const TODAY = dayOf(Date.now());
const BEFORE = MIGRATIONS.slice(
  0,
  MIGRATIONS.findIndex(({ name }) => name === '0008_extents'),
);

/** So many days ago. */
const ago = (days: number) => ({
  startUs: (Date.now() - days * DAY_MS) * 1_000 - 1_000_000,
  endUs: (Date.now() - days * DAY_MS) * 1_000,
});
const queueOf = (db: Database) => new Queue(db, { finalize: countTurns, workerId: 'test' });
const turnsOf = async (db: Database, callId: string) => (await getCallMetrics(db, callId))?.turn_count;

/** As the version before writes. */
async function appendAsBefore(db: Database, facts: readonly Fact[]): Promise<void> {
  await db.query(
    `WITH inserted AS (
       INSERT INTO :schema.call_spans (tenant, trace_id, span_id, call_id, turn_index, stage, started_at, ended_at, facts)
       SELECT 'default', f->>'traceId', f->>'spanId', f->>'callId', (f->'turnIndex')::int, f->>'type',
         'epoch'::timestamptz + (f->'startUs')::double precision * interval '1 microsecond',
         'epoch'::timestamptz + (f->'endUs')::double precision * interval '1 microsecond', f
       FROM jsonb_array_elements($1::jsonb) AS f ON CONFLICT DO NOTHING RETURNING tenant, call_id
     )
     INSERT INTO :schema.call_queue AS q (tenant, call_id, ended, due_at)
     SELECT DISTINCT tenant, call_id, false, now() FROM inserted
     ON CONFLICT ON CONSTRAINT call_queue_pkey DO UPDATE SET due_at = now(), attempts = 0, last_error = NULL`,
    [JSON.stringify(facts)],
  );
}

const FACTS = [
  turnFact('open', 0, ago(0)),
  turnFact('old', 0, ago(40)),
  turnFact('ahead', 0, ago(-20)),
  callFact('done', ago(2)),
  turnFact('done', 0, ago(2)),
];

const partitions = async (db: Database) =>
  (
    await db.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
       WHERE inhparent = to_regclass(':schema.call_spans') ORDER BY 1`,
    )
  ).map(({ name }) => name);

onEachDatabase((databases) => {
  /** A database of the version before, with spans; some of their calls wait. */
  async function withSpans() {
    const db = await databases.empty();
    await migrate(db, BEFORE);
    await useTenantKeys(db);
    await appendAsBefore(db, FACTS);
    return db;
  }

  it('the table of before becomes a partition as it is, and days that come get their own', async () => {
    const db = await withSpans();
    await Promise.all(Array.from({ length: 4 }, () => migrate(db)));
    assert.equal(await wholeJournal(db), undefined);
    assert.deepEqual(
      await partitions(db),
      [nameOfBefore(TODAY + 1), nameOfDay(TODAY + 1), nameOfDay(TODAY + 2), 'call_spans_default'].sort(),
    );
    const rows = await db.query(
      `SELECT call_id, c.relname AS name FROM :schema.call_spans s JOIN pg_class c ON c.oid = s.tableoid
       WHERE c.relname NOT LIKE 'call_spans_before%'`,
    );
    assert.deepEqual(rows, [{ call_id: 'ahead', name: 'call_spans_default' }]);
  });

  it('what came before is not written again, waits as it did, and late spans join it', async () => {
    const db = await withSpans();
    await migrate(db);
    const journal = new Journal(db, AT_ONCE);
    assert.equal((await journal.append(FACTS)).written, 0);
    await appendAsBefore(db, FACTS);
    await queueOf(db).take();
    assert.equal(await turnsOf(db, 'done'), 1);
    await journal.append([turnFact('done', 1, ago(2)), turnFact('open', 1, ago(0))]);
    await appendAsBefore(db, [turnFact('open', 2, ago(-1))]);
    await queueOf(db).take();
    assert.deepEqual([await turnsOf(db, 'done'), await turnsOf(db, 'open')], [2, 2]);
    assert.equal(await turnsOf(db, 'open#2'), 1);
  });

  it('expired spans leave the table of before as they did, and at last it goes, and the key is one', async () => {
    const db = await withSpans();
    await migrate(db);
    await queueOf(db).take();
    assert.equal(await deleteExpiredSpans(db, 30 * DAY_MS), 1);
    assert.ok((await partitions(db)).includes(nameOfBefore(TODAY + 1)));
    // As in three days, with the shortest retention.
    assert.ok((await deleteExpiredSpans(db, -2 * DAY_MS)) >= 3);
    assert.deepEqual(await partitions(db), [nameOfDay(TODAY + 2), 'call_spans_default'].sort());
    const [key] = await db.query<{ key: string }>(
      `SELECT pg_get_constraintdef(oid) AS key FROM pg_constraint
       WHERE contype = 'p' AND conrelid = ':schema.call_spans'::regclass`,
    );
    assert.equal(key?.key, 'PRIMARY KEY (tenant, call_id, trace_id, span_id, ended_at)');
    assert.equal((await new Journal(db, AT_ONCE).append([turnFact('new', 0, ago(0))])).written, 1);
  });

  it('a table that processes of versions before tenants write to stays as it is, until it is asked for', async () => {
    const db = await databases.empty();
    await migrate(db, BEFORE);
    await appendAsBefore(db, FACTS);
    await migrate(db);
    assert.equal((await wholeJournal(db))?.tenants, false);
    const journal = new Journal(db, AT_ONCE);
    await journal.append([turnFact('open', 1, ago(0))]);
    await queueOf(db).take();
    assert.equal(await turnsOf(db, 'open'), 2);
    assert.equal(await deleteExpiredSpans(db, 30 * DAY_MS), 1);
    await partitionJournal(db);
    assert.equal(await wholeJournal(db), undefined);
    // Its key gets the tenant with the first call of a second one.
    const [first] = FACTS as [Fact];
    assert.equal((await journal.append([{ ...first, tenant: 'acme' }])).written, 1);
    assert.equal((await journal.append([first, { ...first, tenant: 'acme' }])).written, 0);
  });
});
