import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  type Database,
  deleteExpiredSpans,
  expireSpans,
  getCallMetrics,
  Journal,
  noteExported,
  Queue,
  reprice,
} from '../../../exporter/store/index.ts';
import { dayOf, nameOfDay } from '../../../exporter/store/journal-days.ts';
import { callFact, countTurns, turnFact } from '../../support/call-rows.ts';
import { onEachDatabase } from '../../support/databases.ts';

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

const spansOf = async (db: Database) =>
  Object.fromEntries(
    (
      await db.query<{ call_id: string; spans: string }>(
        `SELECT call_id, string_agg(turn_index || ' ' || c.relname, ', ' ORDER BY turn_index) AS spans
         FROM :schema.call_spans s JOIN pg_class c ON c.oid = s.tableoid GROUP BY 1`,
      )
    ).map(({ call_id, spans }) => [call_id, spans]),
  );

const days = async (db: Database) =>
  (
    await db.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
       WHERE inhparent = ':schema.call_spans'::regclass ORDER BY 1`,
    )
  ).map(({ name }) => name);

onEachDatabase((databases) => {
  it('days go as a whole, and calls that straddle the edge stay or go as a whole', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db, AT_ONCE);
    await journal.append([
      ...Array.from({ length: 10 }, (_, turn) => turnFact('old', turn, at(5, 100 + turn))),
      turnFact('over midnight', 0, at(4, -5)),
      turnFact('over midnight', 1, at(4, 5)),
      turnFact('over the edge', 0, at(3, -5)),
      turnFact('over the edge', 1, at(3, 5)),
      turnFact('used again', 0, at(5, 9)),
      turnFact('used again', 1, at(4, 9)),
      turnFact('used again', 2, at(0, 9)),
      turnFact('of the edge', 0, at(3, 9)),
    ]);
    await queueOf(db).take();
    await journal.append([turnFact('waits', 0, at(5, 9))]);
    await journal.append([turnFact('rests', 0, at(5, 9))]);
    await db.query(`UPDATE :schema.call_queue SET due_at = 'infinity' WHERE call_id = 'rests'`);
    // All of it ended longer ago than the retention, and its other day goes tomorrow: so it goes whole now, or then.
    assert.equal(await deleteExpiredSpans(db, RETENTION_MS), 10 + 2 + 2 + 1);
    assert.deepEqual(await spansOf(db), {
      'used again': `0 call_spans_default, 1 call_spans_default, 2 ${nameOfDay(TODAY)}`,
      'of the edge': `0 ${nameOfDay(TODAY - 3)}`,
      waits: '0 call_spans_default',
    });
    assert.deepEqual(
      await days(db),
      [3, 0, -1, -2].map((ago) => nameOfDay(TODAY - ago)).concat('call_spans_default'),
    );
    assert.deepEqual(await db.query('SELECT call_id FROM :schema.call_queue'), [{ call_id: 'waits' }]);
    // What is kept is what rows are computed from.
    await queueOf(db).take();
    assert.equal((await getCallMetrics(db, 'waits'))?.turn_count, 1);
    await journal.append([turnFact('used again', 3, at(0, 10)), turnFact('over midnight', 2, at(0, 10))]);
    await queueOf(db).take();
    assert.equal((await getCallMetrics(db, 'used again'))?.turn_count, 4);
    assert.equal(
      (await getCallMetrics(db, 'over midnight'))?.turn_count,
      2,
      'its rows stay those of the whole call',
    );
    assert.equal(await deleteExpiredSpans(db, RETENTION_MS), 1, 'the call that waited');
  });

  it('a call of which a part is gone is computed no more, and keeps its rows', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db, AT_ONCE);
    await journal.append([turnFact('c', 0, at(4, -5)), turnFact('c', 1, at(4, 5)), callFact('c', at(4, 9))]);
    await queueOf(db).take();
    // A span comes, is finalized, and only then the day is dropped that was looked through before.
    await db.query(`DROP TABLE :schema.${nameOfDay(TODAY - 5)}`);
    const priced = [];
    for await (const each of reprice(db, { since: 0, by: 'test', finalize: countTurns, apply: true }))
      priced.push(each.kind);
    assert.deepEqual(priced, ['expired']);
    await journal.append([turnFact('c', 2, at(0, 10))]);
    const { taken, finalized } = await queueOf(db).take();
    assert.deepEqual([taken, finalized.length], [1, 0]);
    assert.equal((await getCallMetrics(db, 'c'))?.turn_count, 2);
  });

  it('a retention of less than two days is kept to the call', async () => {
    const db = await databases.migrated();
    const agoUs = (minutes: number) => (Date.now() - minutes * 60_000) * 1_000;
    const ended = (minutes: number) => ({ startUs: agoUs(minutes) - SECOND_US, endUs: agoUs(minutes) });
    await new Journal(db, AT_ONCE).append([turnFact('old', 0, ended(90)), turnFact('young', 0, ended(5))]);
    await queueOf(db).take();
    assert.equal(await deleteExpiredSpans(db, 3_600_000), 1);
    assert.deepEqual(Object.keys(await spansOf(db)), ['young']);
  });

  it('a day that is not exported yet stays for as long as it may wait, and with it those after it', async () => {
    const db = await databases.migrated();
    const DAYS = [6, 5, 4, 0];
    await new Journal(db, AT_ONCE).append(DAYS.map((day) => turnFact(`c${day}`, 0, at(day, 9))));
    await queueOf(db).take();
    const expire = (exportWaitMs: number) => expireSpans(db, { retentionMs: RETENTION_MS, exportWaitMs });
    const exported = (first: number, last: number, daysAgo: number) =>
      noteExported(db, { first: TODAY - first, last: TODAY - last, untilUs: at(daysAgo, 0).startUs });
    const left = async () => Object.keys(await spansOf(db));
    // The last of day 6 had come a day after its end; of day 5 perhaps not.
    await exported(6, 5, 4);
    assert.deepEqual(await expire(7 * DAY_MS), {
      removed: 1,
      waiting: [5, 4, 3].map((ago) => TODAY - ago),
      unexported: [],
    });
    assert.deepEqual(await left(), ['c0', 'c4', 'c5']);
    await exported(5, 5, 3);
    const waiting = [TODAY - 4, TODAY - 3];
    assert.deepEqual(await expire(7 * DAY_MS), { removed: 1, waiting, unexported: [] });
    // Of the day that the edge is in, half may still wait.
    assert.deepEqual(await expire(1), { removed: 1, waiting: [TODAY - 3], unexported: [TODAY - 4] });
    assert.deepEqual(await left(), ['c0']);
  });

  it('nothing waits for an export where none was ever made, where none is made any more, or is wanted', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db, AT_ONCE);
    const expire = (exportWaitMs = 7 * DAY_MS) =>
      expireSpans(db, { retentionMs: RETENTION_MS, exportWaitMs });
    const again = async () => {
      await journal.append([turnFact(`c${Math.random()}`, 0, at(5, 9))]);
      await queueOf(db).take();
    };
    const gone = { removed: 1, waiting: [], unexported: [] };
    await again();
    assert.deepEqual(await expire(), gone);
    // Exports begin with a later day.
    await noteExported(db, { first: TODAY - 2, last: TODAY, untilUs: at(0, 0).startUs });
    await again();
    assert.deepEqual(await expire(), gone);
    await noteExported(db, { first: TODAY - 30, last: TODAY - 30, untilUs: at(0, 0).startUs });
    await again();
    assert.equal((await expire()).removed, 0);
    assert.deepEqual(await expire(0), gone);
    await db.query("UPDATE :schema.journal_exports SET exported_at = now() - interval '100 days'");
    await again();
    assert.deepEqual(await expire(), gone);
  });

  it('processes that drop the same day at once drop it once', async () => {
    const db = await databases.migrated();
    await new Journal(db, AT_ONCE).append(
      Array.from({ length: 50 }, (_, turn) => turnFact(`c${turn % 7}`, turn, at(5, turn))),
    );
    await queueOf(db).take();
    const removed = await Promise.all(Array.from({ length: 4 }, () => deleteExpiredSpans(db, RETENTION_MS)));
    assert.equal(
      removed.reduce((sum, spans) => sum + spans, 0),
      50,
    );
  });
});
