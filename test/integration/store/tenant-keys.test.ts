import assert from 'node:assert/strict';
import { it } from 'node:test';
import { MIGRATIONS } from '../../../exporter/generated/migrations.ts';
import {
  type Database,
  errorCode,
  getCallMetrics,
  Journal,
  lastingProblem,
  migrate,
  Queue,
  useTenantKeys,
} from '../../../exporter/store/index.ts';
import type { Fact } from '../../../model/facts.ts';
import { callFact, countTurns, turnFact } from '../../support/call-rows.ts';
import { onEachDatabase } from '../../support/databases.ts';

const TENANTS = MIGRATIONS.findIndex(({ name }) => name.includes('tenants'));
const BEFORE = MIGRATIONS.slice(0, TENANTS);
const AT_ONCE = { finalizeDelayMs: 0, idleLimitMs: 0 };

/** What a process of the version before sends, as far as keys are concerned. */
async function writeAsBefore(db: Database, callId: string, spanId: string): Promise<void> {
  await db.query(
    `INSERT INTO :schema.call_spans (trace_id, span_id, call_id, turn_index, stage, started_at, ended_at, facts)
     SELECT 't', $2, $1, NULL, 'call', now(), now(), $3::jsonb ON CONFLICT (trace_id, span_id) DO NOTHING`,
    [callId, spanId, JSON.stringify(callFact(callId, { traceId: 't', spanId }))],
  );
  await db.query(
    `INSERT INTO :schema.call_queue AS q (call_id, ended, due_at) VALUES ($1, true, now())
     ON CONFLICT (call_id) DO UPDATE SET attempts = 0`,
    [callId],
  );
  await db.query(
    `INSERT INTO :schema.call_metrics (call_id, started_at, ended_at, duration_seconds, turn_count, unpriced, price_list, finalized_at, finalized_by)
     VALUES ($1, now(), now(), 0, 1, '{}', 'before', now(), 'before')
     ON CONFLICT (call_id) DO UPDATE SET finalized_at = excluded.finalized_at`,
    [callId],
  );
  await db.query(
    `INSERT INTO :schema.call_logs (call_id, turn_index, created_at, trace_id) VALUES ($1, 0, now(), 't')
     ON CONFLICT (call_id, turn_index) DO UPDATE SET trace_id = excluded.trace_id`,
    [callId],
  );
}

const sentBy = (tenant: string, fact: Fact): Fact => ({ ...fact, tenant });

const keysOf = async (db: Database) =>
  (
    await db.query<{ key: string }>(`\
SELECT pg_get_constraintdef(oid) AS key FROM pg_constraint
WHERE contype = 'p' AND connamespace = ':schema'::regnamespace AND conrelid::regclass::text ~ 'call_(spans|queue|logs|metrics)'
  AND conparentid = 0
ORDER BY conrelid::regclass::text`)
  ).map(({ key }) => key.replace('PRIMARY KEY ', ''));

const WITH_TENANT = [
  '(call_id, tenant, turn_index)',
  '(call_id, tenant)',
  '(call_id, tenant)',
  '(trace_id, span_id, tenant)',
];

onEachDatabase((databases) => {
  /** A database of the version before, with rows, brought up to date. */
  async function migrated() {
    const db = await databases.empty();
    await migrate(db, BEFORE);
    await writeAsBefore(db, 'old', 's1');
    await migrate(db);
    return db;
  }

  it('rows that there are become those of the default tenant, and are finalized as they were', async () => {
    const db = await migrated();
    for (const table of ['call_spans', 'call_queue', 'call_logs', 'call_metrics'])
      assert.deepEqual(await db.query(`SELECT DISTINCT tenant FROM :schema.${table}`), [
        { tenant: 'default' },
      ]);
    assert.deepEqual((await migrate(db)).applied, []);
    assert.equal((await getCallMetrics(db, 'old'))?.turn_count, 1);
    await new Journal(db, AT_ONCE).append([turnFact('old', 0), turnFact('old', 1)]);
    await new Queue(db, { finalize: countTurns, workerId: 'test' }).take();
    assert.equal((await getCallMetrics(db, 'old'))?.turn_count, 2);
  });

  it('processes of the version before go on to write beside this one, until there is a second tenant', async () => {
    const db = await migrated();
    await writeAsBefore(db, 'old', 's1');
    await writeAsBefore(db, 'old', 's2');
    await new Journal(db, AT_ONCE).append([callFact('new', { traceId: 't', spanId: 's3' })]);
    await writeAsBefore(db, 'new', 's3');
    await new Queue(db, { finalize: countTurns, workerId: 'test' }).take();
    assert.equal((await getCallMetrics(db, 'new'))?.turn_count, 0);
    await new Journal(db, AT_ONCE).append([sentBy('acme', callFact('new', { traceId: 't', spanId: 's3' }))]);
    assert.deepEqual(await keysOf(db), WITH_TENANT);
    await assert.rejects(writeAsBefore(db, 'old', 's4'), (error) => errorCode(error) === '42P10');
  });

  it('a new database has the tenant in its keys; an old one gets it once, however many ask', async () => {
    assert.deepEqual(await keysOf(await databases.migrated()), [
      ...WITH_TENANT.slice(0, 3),
      '(tenant, call_id, trace_id, span_id, ended_at)',
    ]);
    const db = await migrated();
    const writers = Array.from({ length: 4 }, () => new Journal(db, AT_ONCE));
    const results = await Promise.all(
      writers.map((journal, index) => journal.append([sentBy(`t${index}`, callFact('c'))])),
    );
    assert.deepEqual(
      results.map(({ written }) => written),
      [1, 1, 1, 1],
    );
    assert.deepEqual(await keysOf(db), WITH_TENANT);
    const [index] = await db.query<{ index: string }>(
      `SELECT pg_get_indexdef(':schema.call_spans_call'::regclass) AS index`,
    );
    assert.match(index?.index ?? '', /\(call_id, tenant, stage\)$/);
    assert.equal(await useTenantKeys(db), false);
  });

  it('where that takes too long, only calls of tenants are put off, with what to do about it', async () => {
    const db = await migrated();
    const slow: Database = {
      ...db,
      query: async (text, params) => {
        if (text.startsWith('DO')) throw Object.assign(new Error('canceling statement'), { code: '57014' });
        return db.query(text, params);
      },
    };
    const journal = new Journal(slow, AT_ONCE);
    await assert.rejects(journal.append([sentBy('acme', callFact('c'))]), (error) => {
      assert.match(lastingProblem(error) ?? '', /earshot migrate --tenants/);
      return true;
    });
    assert.equal((await journal.append([callFact('c')])).written, 1);
  });
});
