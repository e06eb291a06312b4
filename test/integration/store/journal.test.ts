import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  type Database,
  deleteExpiredSpans,
  getCallFacts,
  Journal,
  keepRetention,
  Queue,
} from '../../../exporter/store/index.ts';
import type { Fact } from '../../../model/facts.ts';
import { callFact, countTurns, turnFact } from '../../support/call-rows.ts';
import { onEachDatabase } from '../../support/databases.ts';
import { poll } from '../../support/poll.ts';

const MINUTE_MS = 60_000;
const DELAYS = { finalizeDelayMs: 1 * MINUTE_MS, idleLimitMs: 10 * MINUTE_MS };

interface Queued {
  call_id: string;
  ended: boolean;
  due_in_minutes: number;
}

/** The queue, due times to the nearest minute. */
const readQueue = (db: Database) =>
  db.query<Queued>(`\
SELECT call_id, ended, round(extract(epoch FROM due_at - now()) / 60)::int AS due_in_minutes
FROM :schema.call_queue ORDER BY call_id`);

const agoUs = (minutes: number) => (Date.now() - minutes * MINUTE_MS) * 1_000;

onEachDatabase((databases) => {
  it('facts come back as they went in', async () => {
    const db = await databases.migrated();
    const fact = turnFact('c', 3, {
      userText: 'Grüße, "Anna" \\ 👋',
      interrupted: true,
      interruptions: [{ kind: 'barge_in', atUs: 1_767_225_600_000_003, timeToSilenceSeconds: 0.1 }],
    });
    // Looks like what the database refuses, and is not.
    const odd = turnFact('c', 4, { userText: 'null \\u0000 \u0001' });
    assert.deepEqual(await new Journal(db).append([odd, fact]), { written: 2, refused: [] });
    assert.deepEqual(await getCallFacts(db, 'c'), [fact, odd]);
  });

  it('an empty append is none', async () => {
    assert.deepEqual(await new Journal(await databases.empty()).append([]), { written: 0, refused: [] });
  });

  it('the same facts delivered three times, in any order and twice in one batch, are written once', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db);
    const facts = [callFact('c'), turnFact('c', 0), turnFact('c', 1)];
    const [first, second, third] = facts as [Fact, Fact, Fact];
    assert.equal((await journal.append([second, first])).written, 2);
    assert.equal((await journal.append([third, second, third, first])).written, 1);
    assert.equal((await journal.append(facts)).written, 0);
    assert.equal((await getCallFacts(db, 'c')).length, 3);
  });

  it('writers of the same spans in opposite orders do not deadlock', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db);
    const facts = Array.from({ length: 400 }, (_, index) => turnFact(`c${index % 40}`, index));
    const results = await Promise.all([
      journal.append(facts),
      journal.append([...facts].reverse()),
      journal.append(facts),
    ]);
    assert.equal(
      results.reduce((sum, result) => sum + result.written, 0),
      400,
    );
  });

  it('a call that goes on is due after the idle limit, and each new span moves that', async () => {
    const db = await databases.migrated();
    await new Journal(db, DELAYS).append([turnFact('c', 0)]);
    assert.deepEqual(await readQueue(db), [{ call_id: 'c', ended: false, due_in_minutes: 10 }]);
    await db.query(`UPDATE :schema.call_queue SET due_at = now() + interval '2 minutes'`);
    await new Journal(db, DELAYS).append([turnFact('c', 1)]);
    assert.deepEqual(await readQueue(db), [{ call_id: 'c', ended: false, due_in_minutes: 10 }]);
  });

  it('a call that has ended is due after the short delay, and so is a late span of it', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db, DELAYS);
    const ended = [{ call_id: 'c', ended: true, due_in_minutes: 1 }];
    await journal.append([turnFact('c', 0)]);
    await journal.append([callFact('c')]);
    assert.deepEqual(await readQueue(db), ended);
    await journal.append([turnFact('c', 1)]);
    assert.deepEqual(await readQueue(db), ended);
    // The queue knows nothing of it after finalizing, and the call's row does.
    await new Queue(db, { finalize: countTurns, workerId: 'test' }).take({ ended: true });
    assert.deepEqual(await readQueue(db), []);
    await journal.append([turnFact('c', 2)]);
    assert.deepEqual(await readQueue(db), ended);
  });

  it('one batch queues each of its calls by its own rule', async () => {
    const db = await databases.migrated();
    await new Journal(db, DELAYS).append([
      turnFact('going', 0),
      callFact('gone'),
      turnFact('gone', 0),
      { ...turnFact('other', 0), type: 'other' },
    ]);
    assert.deepEqual(await readQueue(db), [
      { call_id: 'going', ended: false, due_in_minutes: 10 },
      { call_id: 'gone', ended: true, due_in_minutes: 1 },
      { call_id: 'other', ended: false, due_in_minutes: 10 },
    ]);
  });

  it('a second delivery does not queue a call again', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db, DELAYS);
    const facts = [turnFact('c', 0), callFact('c')];
    await journal.append(facts);
    await db.query('DELETE FROM :schema.call_queue');
    await journal.append(facts);
    assert.deepEqual(await readQueue(db), []);
  });

  it('characters that PostgreSQL refuses are replaced, and the fact is kept', async () => {
    const db = await databases.migrated();
    const fact = turnFact('c\0', 0, { userText: 'a\0b \ud800 \\u0000', traceId: 't\0' });
    const result = await new Journal(db).append([fact]);
    assert.deepEqual(result, { written: 1, refused: [] });
    const [stored] = await getCallFacts(db, 'c\ufffd');
    assert.equal(stored?.type === 'turn' && stored.userText, 'a\ufffdb \ufffd \\u0000');
  });

  it('a number that is not finite is left out of a fact', async () => {
    const db = await databases.migrated();
    await new Journal(db).append([turnFact('c', 0, { sentimentScore: Number.NaN })]);
    const [stored] = await getCallFacts(db, 'c');
    assert.equal(stored !== undefined && 'sentimentScore' in stored, false);
  });

  it('poison facts are refused with a reason and do not hold up the others', async () => {
    const db = await databases.migrated();
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const poison = [
      turnFact('c', 1e12),
      turnFact('c', 1, { startUs: 1e300 }),
      turnFact('c', 2, { endUs: Number.NaN }),
      turnFact('c', 3, { callId: undefined as unknown as string }),
      turnFact('c', 4, { spanId: Array.from({ length: 9_000 }, (_, n) => n.toString(36)).join('') }),
      turnFact('c', 5, { userText: circular as unknown as string }),
    ];
    const good = Array.from({ length: 30 }, (_, index) => turnFact('c', 100 + index));
    const facts = good.flatMap((fact, index) => [
      fact,
      ...(poison[index / 5] ? [poison[index / 5] as Fact] : []),
    ]);
    const { written, refused } = await new Journal(db).append(facts);
    assert.equal(written, good.length);
    assert.deepEqual(
      refused.map(({ fact, reason }) => [poison.indexOf(fact as never), reason]),
      [
        [0, '22003'],
        [1, '22008'],
        [2, '23502'],
        [3, '23502'],
        [4, '54000'],
        [5, 'TypeError'],
      ],
    );
    assert.equal((await getCallFacts(db, 'c')).length, good.length);
  });

  it('a database that is not migrated rejects, so that the caller keeps its facts', async () => {
    const db = await databases.empty();
    await assert.rejects(new Journal(db).append([callFact('c')]), { code: '42P01' });
  });

  it('retention removes whole calls whose last span is old, and nothing that waits to be finalized', async () => {
    const db = await databases.migrated();
    const at = (minutes: number) => ({ startUs: agoUs(minutes) - 1_000_000, endUs: agoUs(minutes) });
    await new Journal(db).append([
      ...Array.from({ length: 25 }, (_, index) => turnFact('old', index, at(120))),
      turnFact('straddling', 0, at(120)),
      turnFact('straddling', 1, at(10)),
      turnFact('waiting', 0, at(120)),
      turnFact('given-up', 0, at(120)),
      turnFact('young', 0, at(10)),
    ]);
    await db.query(`DELETE FROM :schema.call_queue WHERE call_id IN ('old', 'straddling', 'young')`);
    await db.query(`UPDATE :schema.call_queue SET due_at = 'infinity' WHERE call_id = 'given-up'`);
    assert.equal(await deleteExpiredSpans(db, 60 * MINUTE_MS, 10), 26);
    const left = await db.query<{ call_id: string }>(
      'SELECT call_id FROM :schema.call_spans ORDER BY call_id, turn_index',
    );
    assert.deepEqual(
      left.map((row) => row.call_id),
      ['straddling', 'straddling', 'waiting', 'young'],
    );
    assert.deepEqual(
      (await readQueue(db)).map((row) => row.call_id),
      ['waiting'],
    );
    assert.equal(await deleteExpiredSpans(db, 60 * MINUTE_MS), 0);
  });

  it('retention goes on by itself until it is stopped, and reports a round that failed', async () => {
    const db = await databases.migrated();
    await new Journal(db).append([turnFact('old', 0)]);
    await db.query('DELETE FROM :schema.call_queue');
    let errors = 0;
    let away = true;
    const flaky: Database = {
      transaction: (work) => db.transaction(work),
      close: async () => {},
      query: (text, params) => (away ? Promise.reject(new Error('away')) : db.query(text, params)),
    };
    const stop = keepRetention(flaky, { retentionMs: MINUTE_MS, everyMs: 20, onError: () => (errors += 1) });
    await poll(() => errors > 0);
    away = false;
    await poll(async () => (await getCallFacts(db, 'old')).length === 0);
    await stop();
  });

  it('a span that comes after its call has expired leaves the rows of the whole call alone', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db, { finalizeDelayMs: 0, idleLimitMs: 0 });
    const queue = new Queue(db, { finalize: countTurns, workerId: 'test' });
    await journal.append([turnFact('c', 0), turnFact('c', 1), callFact('c')]);
    await queue.take();
    await deleteExpiredSpans(db, 0);
    await journal.append([turnFact('c', 2)]);
    const { taken, finalized } = await queue.take();
    assert.deepEqual([taken, finalized.length], [1, 0]);
    const [row] = await db.query('SELECT turn_count FROM :schema.call_metrics');
    assert.deepEqual(row, { turn_count: 2 });
    assert.deepEqual(await readQueue(db), []);
  });
});
