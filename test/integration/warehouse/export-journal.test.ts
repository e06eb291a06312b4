import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Database, Journal } from '../../../exporter/store/index.ts';
import { exportJournal } from '../../../exporter/warehouse/index.ts';
import { Folder } from '../../../storage/folder.ts';
import { callFact, REFERENCE_US, turnFact } from '../../support/call-rows.ts';
import { onEachDatabase } from '../../support/databases.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { askDuckDb, filesBelow } from '../../support/warehouse.ts';

const DAY_US = 86_400_000_000;
const DELAYS = { finalizeDelayMs: 0, idleLimitMs: 0 };

const onDay = (day: number, second: number) => {
  const startUs = REFERENCE_US + day * DAY_US + second * 1_000_000;
  return { startUs, endUs: startUs + 1 };
};
const run = (db: Database, to: string, more: { marginMs?: number } = { marginMs: 0 }) =>
  exportJournal(db, { to: new Folder(to), since: REFERENCE_US, until: REFERENCE_US + 3 * DAY_US, ...more });

const COLUMNS = 'tenant, trace_id, span_id, call_id, turn_index, stage';
const US = (column: string, sql: string) => `${sql.replace('$', column)} AS ${column}`;
const exported = (to: string) =>
  askDuckDb(
    `SELECT ${COLUMNS}, ${['started_at', 'ended_at', 'recorded_at'].map((name) => US(name, 'epoch_us($)')).join(', ')},
       facts::JSON ->> 'name' AS name, day::VARCHAR AS day
     FROM read_parquet('${to}/journal/call_spans/*/*.parquet', hive_partitioning = true) ORDER BY call_id, trace_id, span_id`,
  );
const stored = async (db: Database) =>
  (
    await db.query<Record<string, unknown>>(
      `SELECT ${COLUMNS}, ${['started_at', 'ended_at', 'recorded_at'].map((name) => US(name, '(extract(epoch FROM $) * 1000000)::bigint::text')).join(', ')},
         facts ->> 'name' AS name, to_char(ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day
       FROM :schema.call_spans ORDER BY call_id COLLATE "C", trace_id COLLATE "C", span_id COLLATE "C"`,
    )
  ).map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)]),
    ),
  );

onEachDatabase((databases) => {
  test('each span of the journal is in the files once, by the day on which it ended', async (t) => {
    const [db, to] = [await databases.migrated(), await temporaryFolder(t)];
    const journal = new Journal(db, DELAYS);
    await journal.append([
      ...Array.from({ length: 30 }, (_, n) => turnFact(`c${n % 4}`, n, onDay(n % 3, n))),
      callFact('c0', { ...onDay(0, 40), tenant: 'acme' }),
    ]);
    await run(db, to);
    assert.deepEqual(await exported(to), await stored(db));
    const before = await filesBelow(to);
    await run(db, to);
    assert.deepEqual(await filesBelow(to), before, 'nothing new, no new file');
    await journal.append([turnFact('c9', 0, onDay(1, 50)), turnFact('c1', 50, onDay(2, 50))]);
    await run(db, to);
    assert.deepEqual(await exported(to), await stored(db));
    assert.equal((await filesBelow(to)).length, before.length + 4, 'two parts and their manifests');
    const noted = await db.query(
      `SELECT to_char(day, 'YYYY-MM-DD') AS day, exported_until BETWEEN now() - interval '1 hour' AND now() AS until
       FROM :schema.journal_exports ORDER BY 1`,
    );
    const dates = [0, 1, 2, 3].map((day) => new Date(onDay(day, 0).startUs / 1e3).toISOString().slice(0, 10));
    assert.deepEqual(
      noted,
      dates.map((day) => ({ day, until: true })),
      'retention knows what it need not wait for',
    );
  });

  test('what was written in the last hour is of the next run', async (t) => {
    const [db, to] = [await databases.migrated(), await temporaryFolder(t)];
    await new Journal(db, DELAYS).append([turnFact('c', 0, onDay(0, 0)), turnFact('c', 1, onDay(0, 5))]);
    await db.query(
      "UPDATE :schema.call_spans SET recorded_at = now() - interval '61 minutes' WHERE turn_index = 0",
    );
    await run(db, to, {});
    assert.deepEqual(
      (await exported(to)).map(({ turn_index: turn }) => turn),
      ['0'],
    );
  });
});
