import assert from 'node:assert/strict';
import { it } from 'node:test';
import { callKey } from '../../../exporter/store/call-key.ts';
import {
  type Database,
  deleteExpiredSpans,
  getCallFacts,
  getCallMetrics,
  Journal,
  type Queryable,
  Queue,
  readSizes,
  reprice,
} from '../../../exporter/store/index.ts';
import { dayOf, JournalDays, nameOfDay } from '../../../exporter/store/journal-days.ts';
import { listRunning } from '../../../exporter/store/views/running.ts';
import type { Fact } from '../../../model/facts.ts';
import { callFact, countTurns, turnFact } from '../../support/call-rows.ts';
import { onEachDatabase } from '../../support/databases.ts';

const DAY_MS = 86_400_000;
const SECOND_US = 1_000_000;
const AT_ONCE = { finalizeDelayMs: 0, idleLimitMs: 0 };
const TODAY = dayOf(Date.now());

/** So many seconds after (or before) the beginning of a day, which is so many days ago. */
const at = (daysAgo: number, seconds: number) => {
  const startUs = (TODAY - daysAgo) * DAY_MS * 1_000 + seconds * SECOND_US;
  return { startUs, endUs: startUs + SECOND_US };
};

const queueOf = (db: Database) => new Queue(db, { finalize: countTurns, workerId: 'test' });

/** Where spans are: `call turn partition`. */
const places = async (db: Database) =>
  (
    await db.query<{ place: string }>(
      `SELECT call_id || ' ' || coalesce(turn_index::text, '-') || ' ' || c.relname AS place
       FROM :schema.call_spans s JOIN pg_class c ON c.oid = s.tableoid ORDER BY 1`,
    )
  ).map(({ place }) => place);

const turnsOf = async (db: Database, callId: string) => (await getCallMetrics(db, callId))?.turn_count;

/** A process of the version before: it knows of no instants. */
async function appendAsBefore(db: Database, fact: Fact): Promise<void> {
  await db.query(
    `INSERT INTO :schema.call_spans (tenant, trace_id, span_id, call_id, turn_index, stage, started_at, ended_at, facts)
     SELECT 'default', f->>'traceId', f->>'spanId', f->>'callId', (f->'turnIndex')::int, f->>'type',
       to_timestamp((f->'startUs')::double precision / 1e6), to_timestamp((f->'endUs')::double precision / 1e6), f
     FROM jsonb_array_elements($1::jsonb) AS f ON CONFLICT DO NOTHING`,
    [JSON.stringify([fact])],
  );
  await db.query(
    `INSERT INTO :schema.call_queue AS q (tenant, call_id, ended, ended_at, due_at) VALUES ('default', $1, false, NULL, now())
     ON CONFLICT ON CONSTRAINT call_queue_pkey DO UPDATE SET ended = q.ended OR excluded.ended, due_at = now(),
       ended_at = coalesce(q.ended_at, excluded.ended_at), attempts = 0, last_error = NULL`,
    [fact.callId],
  );
}

/** Notes what the statements that are made would open. */
function explaining(db: Database): { db: Database; opened: Set<string> } {
  const opened = new Set<string>();
  const noting = (target: Queryable): Queryable => ({
    query: async <Row>(text: string, params?: readonly unknown[]) => {
      if (params !== undefined && text.includes('call_spans') && !text.includes('INTO :schema.call_spans')) {
        const plan = await target.query<Record<string, string>>(`EXPLAIN ${text}`, params);
        for (const [name] of JSON.stringify(plan).matchAll(/call_spans_(?:d\d{8}|default)/g))
          opened.add(name);
      }
      return target.query<Row>(text, params);
    },
  });
  const transaction: Database['transaction'] = (work) => db.transaction((tx) => work(noting(tx)));
  return { db: { ...noting(db), transaction, close: async () => {} }, opened };
}

onEachDatabase((databases) => {
  it('spans are in the partition of the day on which they ended, and others with the rest', async () => {
    const db = await databases.migrated();
    await new Journal(db, AT_ONCE).append([
      turnFact('c', 0, at(0, 10)),
      turnFact('c', 1, at(1, -1)),
      turnFact('c', 2, at(6, 10)),
      turnFact('c', 3, at(400, 10)),
      turnFact('c', 4, at(-30, 10)),
    ]);
    assert.deepEqual(await places(db), [
      `c 0 ${nameOfDay(TODAY)}`,
      `c 1 ${nameOfDay(TODAY - 1)}`,
      `c 2 ${nameOfDay(TODAY - 6)}`,
      'c 3 call_spans_default',
      'c 4 call_spans_default',
    ]);
    await queueOf(db).take();
    assert.equal(await turnsOf(db, 'c'), 1, 'of a day apart, another call');
    assert.equal((await getCallFacts(db, 'c', 9, 1_000 * DAY_MS)).length, 5);
  });

  it('writers that begin at once make each partition once, days ahead', async () => {
    const db = await databases.migrated();
    const later = Date.now() + 40 * DAY_MS;
    await Promise.all(Array.from({ length: 8 }, () => new JournalDays(db).prepare([], later)));
    const rows = await db.query<{ name: string }>(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = ':schema.call_spans'::regclass`,
    );
    const names = rows.map(({ name }) => name.replace(/^.*\./, ''));
    for (const ahead of [40, 41, 42]) assert.ok(names.includes(nameOfDay(TODAY + ahead)));
    assert.equal(new Set(names).size, names.length);
  });

  it('spans of a clock that is ahead move when their day gets its partition', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db, AT_ONCE);
    const ahead = [turnFact('c', 0, at(-9, 10)), turnFact('c', 1, at(-30, 10))];
    await journal.append(ahead);
    await new JournalDays(db).prepare([], Date.now() + 9 * DAY_MS);
    assert.deepEqual(await places(db), [`c 0 ${nameOfDay(TODAY + 9)}`, 'c 1 call_spans_default']);
    assert.equal((await journal.append(ahead)).written, 0);
  });

  it('where no partition can be made, spans are with the rest, and all is as it should be', async () => {
    const db = await databases.migrated();
    const refusing: Database = {
      query: async (text, params) => {
        if (text.includes('CREATE TABLE')) throw Object.assign(new Error('denied'), { code: '42501' });
        return db.query(text, params);
      },
      transaction: (work) => db.transaction(work),
      close: async () => {},
    };
    await new Journal(refusing, AT_ONCE).append([turnFact('c', 0, at(5, 0)), callFact('c', at(5, 9))]);
    assert.deepEqual(await places(db), ['c - call_spans_default', 'c 0 call_spans_default']);
    await queueOf(db).take();
    assert.equal(await turnsOf(db, 'c'), 1);
    assert.equal(await deleteExpiredSpans(db, 4 * DAY_MS), 2);
  });

  it('whatever reads a call opens the partitions of its days and no others', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db, AT_ONCE);
    for (let ago = 0; ago < 7; ago += 1) await journal.append([turnFact(`of ${ago}`, 0, at(ago, 10))]);
    await queueOf(db).take();
    const two = [nameOfDay(TODAY - 4), nameOfDay(TODAY - 3)].sort();
    const { db: watched, opened } = explaining(db);
    const seen = () => {
      const names = [...opened].sort();
      opened.clear();
      return names;
    };
    // Over midnight, and a late span of the morning.
    await journal.append([turnFact('c', 0, at(3, -60))]);
    assert.equal((await listRunning(watched)).length, 1);
    assert.deepEqual(seen(), [nameOfDay(TODAY - 4)]);
    await queueOf(watched).take({ callIds: ['c'] });
    assert.deepEqual(seen(), [nameOfDay(TODAY - 4)]);
    await journal.append([turnFact('c', 1, at(3, 60))]);
    await queueOf(watched).take({ callIds: ['c'] });
    assert.deepEqual(seen(), two);
    assert.equal(await turnsOf(db, 'c'), 2);
    await readSizes(watched, [callKey('c')]);
    assert.equal((await getCallFacts(watched, 'c')).length, 2);
    assert.deepEqual(seen(), two);
    const none = { since: 0, by: 'test', finalize: countTurns };
    for await (const each of reprice(watched, none)) assert.equal(each.kind, 'same');
    assert.equal(seen().includes('call_spans_default'), false);
  });

  it('a span that is delivered again with another end is read once, as it came first', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db, AT_ONCE);
    const first = turnFact('c', 0, at(0, 10));
    const again = { ...first, endUs: first.endUs + SECOND_US };
    assert.equal((await journal.append([again, first])).written, 1);
    await queueOf(db).take();
    assert.equal((await journal.append([first])).written, 1, 'it is in the journal twice');
    await queueOf(db).take();
    assert.deepEqual(await getCallFacts(db, 'c'), [again]);
    const row = await getCallMetrics(db, 'c');
    assert.deepEqual([row?.turn_count, row?.spans_dropped], [1, null]);
    assert.equal((await journal.append([again, first])).written, 0);
  });

  it('spans that a process of the version before writes are found, whatever was known of the call', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db, AT_ONCE);
    const turns = async () => {
      await queueOf(db).take({ callIds: ['c'] });
      return turnsOf(db, 'c');
    };
    const gapless = (ago: number, turn: number) =>
      turnFact('c', turn, { startUs: at(6, 0).startUs, endUs: at(ago, 9).endUs });
    await new JournalDays(db).prepare([
      turnFact('x', 0, at(6, 0)),
      turnFact('x', 0, at(3, 0)),
      turnFact('x', 0, at(1, 0)),
    ]);
    await journal.append([gapless(0, 0)]);
    await appendAsBefore(db, gapless(3, 1));
    assert.equal(await turns(), 2);
    await appendAsBefore(db, gapless(1, 2));
    await journal.append([gapless(0, 3)]);
    assert.equal(await turns(), 4);
    // Its row, as such a process writes it.
    await appendAsBefore(db, gapless(6, 4));
    await db.query('UPDATE :schema.call_metrics SET finalized_at = clock_timestamp()');
    await db.query('DELETE FROM :schema.call_queue');
    await journal.append([gapless(0, 5)]);
    assert.equal(await turns(), 6);
  });
});
