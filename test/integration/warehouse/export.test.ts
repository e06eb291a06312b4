import assert from 'node:assert/strict';
import { mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Usd } from '../../../exporter/pricing/index.ts';
import { type Database, writeCallRows } from '../../../exporter/store/index.ts';
import { type ExportOptions, exportRows } from '../../../exporter/warehouse/index.ts';
import { Folder } from '../../../storage/folder.ts';
import { logRow, metricsRow, REFERENCE_US } from '../../support/call-rows.ts';
import { onEachDatabase } from '../../support/databases.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import {
  askDuckDb,
  exportedVersions,
  filesBelow,
  sqlOfPage,
  storedVersions,
} from '../../support/warehouse.ts';

const DAY_US = 86_400_000_000;
const NOW_OF_TESTS = {
  since: REFERENCE_US,
  until: REFERENCE_US + 3 * DAY_US,
  marginMs: 0,
  format: 'parquet',
} as const;

/** Calls of three days, with costs of twenty places. */
const rowsOf = (ids: readonly number[], price = '0.00000071666666666667') =>
  ids.map((n) => {
    const callId = `CA${String(n).padStart(4, '0')}`;
    return {
      metrics: metricsRow(callId, {
        started_at: REFERENCE_US + (n % 3) * DAY_US + n,
        campaign_id: n % 5 === 0 ? null : `campaign-${n % 5}`,
        tags: n % 2 === 0 ? { plan: '"gold", =1' } : null,
        unpriced: n % 7 === 0 ? ['tts:a/b', 'llm:c,d'] : [],
        cost_total: n % 4 === 0 ? null : new Usd(price).times(n),
        llm_input_tokens: 9_007_199_254_740_991 - n,
        turn_count: 2,
      }),
      logs: [0, 1].map((index) =>
        logRow(callId, index, { user_text: index === 0 ? '' : null, eou_latency: n / 7 }),
      ),
    };
  });

const write = (db: Database, ids: readonly number[], price?: string) =>
  db.transaction((tx) => writeCallRows(tx, rowsOf(ids, price), 'test'));
const upTo = (end: number) => Array.from({ length: end }, (_, n) => n);
const run = (db: Database, to: string, options: Partial<ExportOptions> = {}) =>
  exportRows(db, { ...NOW_OF_TESTS, to: new Folder(to), ...options });

onEachDatabase((databases) => {
  test('what DuckDB adds up over the files is what the database does, to the last digit', async (t) => {
    const [db, to] = [await databases.migrated(), await temporaryFolder(t)];
    await write(db, upTo(60));
    await run(db, to);
    const campaigns = await askDuckDb(sqlOfPage('docs/warehouse.md', to));
    const expected = await db.query<{ campaign_id: string | null; calls: string; cost: string }>(
      'SELECT campaign_id, count(*)::text AS calls, sum(cost_total)::numeric(38, 20)::text AS cost FROM :schema.call_metrics GROUP BY 1 ORDER BY 3 DESC',
    );
    assert.equal(expected.length, 5);
    assert.deepEqual(campaigns.toSorted(byCampaign), expected.toSorted(byCampaign));
    assert.deepEqual(await exportedVersions(to), await storedVersions(db));
  });

  test('a call that is finalized again is exported again, and the views have its latest version alone', async (t) => {
    const [db, to] = [await databases.migrated(), await temporaryFolder(t)];
    await write(db, upTo(30));
    await run(db, to);
    const before = await filesBelow(to);
    await run(db, to);
    assert.deepEqual(await filesBelow(to), before, 'nothing new, no new file');
    await write(db, [3, 4, 5], '0.1');
    await write(db, [31]);
    await run(db, to);
    const { calls } = await exportedVersions(to);
    assert.equal(calls.length, 34);
    const [, views = ''] = sqlOfPage('docs/warehouse.md', to);
    const asked = await askDuckDb([
      sqlOfPage('docs/warehouse.md', to)[0] ?? '',
      views,
      'SELECT (SELECT count(*) FROM call_metrics) AS calls, (SELECT count(*) FROM call_logs) AS turns, (SELECT sum(cost_total) FROM call_metrics) AS cost',
    ]);
    const [expected] = await db.query(
      `SELECT count(*)::text AS calls, (2 * count(*))::text AS turns, sum(cost_total)::numeric(38, 20)::text AS cost FROM :schema.call_metrics`,
    );
    assert.deepEqual(asked, [expected]);
  });

  test('an export that dies at any step is made good by the next: no version is lost or there twice', async (t) => {
    const db = await databases.migrated();
    await write(db, upTo(9));
    // A step is of the folder, whatever the database is.
    for (let step = 1; ; step += 3 / databases.rounds(3)) {
      const to = await temporaryFolder(t);
      const died = await dyingAt(step, () => run(db, to));
      await run(db, to);
      assert.deepEqual(await exportedVersions(to), await storedVersions(db), `died at step ${step}`);
      assert.deepEqual(
        (await filesBelow(to)).filter((name) => name.startsWith('_tmp')),
        [],
        `died at step ${step}`,
      );
      if (!died) {
        assert.ok(step > 20, 'steps were counted');
        return;
      }
    }
  });

  test('what a dead process has staged goes after a day, or once its batch is exported; what is new may be of a living one', async (t) => {
    const [db, to] = [await databases.migrated(), await temporaryFolder(t)];
    await write(db, upTo(3));
    const stage = async (name: string, ageMs: number) => {
      const folder = `${to}/_tmp/${name}`;
      await mkdir(folder, { recursive: true });
      await writeFile(`${folder}/call_logs`, 'half of it');
      const at = new Date(Date.now() - ageMs);
      await utimes(`${folder}/call_logs`, at, at);
    };
    const day = new Date(REFERENCE_US / 1_000).toISOString().slice(0, 10);
    await stage('day=2020-01-01.000001.old', 86_500_000);
    await stage('day=2020-01-01.000001.new', 80_000_000);
    await stage(`day=${day}.000001.exported-by-another`, 0);
    await run(db, to);
    assert.deepEqual(
      (await filesBelow(to)).filter((name) => name.startsWith('_tmp')),
      ['_tmp/day=2020-01-01.000001.new/call_logs'],
    );
    assert.deepEqual(await exportedVersions(to), await storedVersions(db));
  });

  test('a folder keeps its format on days, too, of which it has nothing yet', async (t) => {
    const [db, to] = [await databases.migrated(), await temporaryFolder(t)];
    await write(db, upTo(6));
    await run(db, to, { until: REFERENCE_US + DAY_US / 2 });
    const before = await filesBelow(to);
    const later = { since: REFERENCE_US + DAY_US };
    await assert.rejects(run(db, to, { ...later, format: 'csv' }), /holds parquet of 2026-01-01/);
    assert.deepEqual(await filesBelow(to), before);
    await run(db, to, later);
    assert.equal((await exportedVersions(to)).calls.length, 6);
  });

  test('a damaged manifest is named, with what is wrong; without it the batch is exported once more', async (t) => {
    const [db, to] = [await databases.migrated(), await temporaryFolder(t)];
    await write(db, upTo(6));
    await run(db, to);
    const path = '_manifest/day=2026-01-02/000001.json';
    const good = JSON.parse(await readFile(`${to}/${path}`, 'utf8'));
    const damaged: readonly (readonly [text: string, problem: string])[] = [
      ['{}', 'its day is not 2026-01-02'],
      ['null', 'its day is not 2026-01-02'],
      ['{broken', 'it is not JSON'],
      [JSON.stringify({ ...good, number: 7 }), 'its number is not 1'],
      [JSON.stringify({ ...good, format: 'constructor' }), 'its format is none of parquet, csv, jsonl'],
      [JSON.stringify({ ...good, staged: '_tmp/../..' }), 'its staged is no folder of it'],
      [JSON.stringify({ ...good, files: [{ table: 'call_logs', path: 'x' }] }), 'its files are not those'],
    ];
    for (const [text, problem] of damaged) {
      await writeFile(`${to}/${path}`, text);
      await assert.rejects(run(db, to), (error: Error) => {
        assert.equal(error.name, 'ExportError');
        return error.message.startsWith(`${path} in ${to} is damaged: ${problem}`);
      });
    }
    await rm(`${to}/${path}`);
    await run(db, to);
    assert.deepEqual(await exportedVersions(to), await storedVersions(db));
  });

  test('a folder keeps its format, and JSON Lines and CSV hold the same rows', async (t) => {
    const [db, to, csv] = [await databases.migrated(), await temporaryFolder(t), await temporaryFolder(t)];
    await write(db, upTo(12));
    await run(db, to, { format: 'jsonl' });
    await write(db, upTo(3), '0.2');
    await assert.rejects(run(db, to, { format: 'csv' }), /holds jsonl/);
    await run(db, csv, { format: 'csv' });
    const [part] = (await filesBelow(to)).filter((name) => name.startsWith('call_metrics'));
    const [first] = (await readFile(`${to}/${part}`, 'utf8'))
      .split('\n')
      .map((line) => JSON.parse(line || '{}'));
    assert.equal(first.cost_total, '0.00000645000000000003');
    assert.equal(first.started_at, '2026-01-01T00:00:00.000010Z');
    const asked = await askDuckDb(
      `SELECT sum(cost_total)::VARCHAR AS cost, count(tags) AS tagged, count(*) FILTER (WHERE tags ->> 'plan' = '"gold", =1') AS gold,
         max(llm_input_tokens) AS tokens
       FROM read_csv('${csv}/call_metrics/*/*.csv', all_varchar = false, types = {cost_total: 'DECIMAL(38, 20)', tags: 'JSON', llm_input_tokens: 'BIGINT'})`,
    );
    const [expected] = await db.query(
      `SELECT sum(cost_total)::numeric(38, 20)::text AS cost, count(tags)::text AS tagged, count(tags)::text AS gold, max(llm_input_tokens)::text AS tokens FROM :schema.call_metrics`,
    );
    assert.deepEqual(asked, [expected]);
    assert.deepEqual(
      await askDuckDb(
        `SELECT count(*) FILTER (WHERE user_text = '') AS empty, count(*) FILTER (WHERE user_text IS NULL) AS unknown
         FROM read_csv('${csv}/call_logs/*/*.csv', types = {user_text: 'VARCHAR'}, allow_quoted_nulls = false)`,
      ),
      [{ empty: '12', unknown: '12' }],
    );
  });
});

const byCampaign = (a: { campaign_id?: string | null }, b: { campaign_id?: string | null }) =>
  String(a.campaign_id).localeCompare(String(b.campaign_id));

/** Does `work` until its so-many-th step in a folder, from which on nothing is done any more. True: it came to that. */
async function dyingAt(step: number, work: () => Promise<void>): Promise<boolean> {
  const methods = ['list', 'open', 'stat', 'create', 'putOnce', 'move', 'remove'] as const;
  const originals = methods.map((name) => [name, Folder.prototype[name]] as const);
  let steps = 0;
  for (const [name, original] of originals)
    Object.assign(Folder.prototype, {
      [name](this: Folder, ...args: never[]) {
        steps += 1;
        if (steps >= step) return Promise.reject(new Error('The process is dead.'));
        return (original as (...all: never[]) => unknown).apply(this, args);
      },
    });
  try {
    await work();
    return false;
  } catch (error) {
    assert.equal((error as Error).message, 'The process is dead.');
    return true;
  } finally {
    Object.assign(Folder.prototype, Object.fromEntries(originals));
  }
}
