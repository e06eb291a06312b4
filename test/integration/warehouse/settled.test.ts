import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  openPostgres,
  type Queryable,
  settledInstant,
  writeCallRows,
} from '../../../exporter/store/index.ts';
import { exportRows } from '../../../exporter/warehouse/index.ts';
import { Folder } from '../../../storage/folder.ts';
import { logRow, metricsRow, REFERENCE_US } from '../../support/call-rows.ts';
import { sharedPostgres } from '../../support/databases.ts';
import type { TestPostgres } from '../../support/postgres.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { exportedVersions, storedVersions } from '../../support/warehouse.ts';

const shared = sharedPostgres();
let server: TestPostgres;
before(async () => {
  server = await shared.running();
});
after(() => server.stop());

function promised() {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const write = (tx: Queryable, callId: string) =>
  writeCallRows(tx, [{ metrics: metricsRow(callId), logs: [logRow(callId, 0)] }], 'test');

/** A database, of which a transaction has written `callId` and has not ended. */
async function openWriter(callId: string) {
  const db = openPostgres({ url: await server.createMigrated() });
  const end = promised();
  const written = promised();
  const writing = db.transaction(async (tx) => {
    await write(tx, callId);
    written.resolve();
    await end.promise;
  });
  await written.promise;
  return {
    db,
    commit: () => {
      end.resolve();
      return writing;
    },
  };
}

test('an export waits for transactions that have finalized calls already, and has these calls once', async (t) => {
  const { db, commit } = await openWriter('CA1');
  const folder = await temporaryFolder(t);
  const to = new Folder(folder);
  await db.transaction((tx) => write(tx, 'CA2'));
  const run = () =>
    exportRows(db, { to, format: 'parquet', since: REFERENCE_US, until: REFERENCE_US + 1, marginMs: 0 });
  const looked = promised();
  let looks = 0;
  const watched = {
    ...db,
    transaction: db.transaction.bind(db),
    close: db.close.bind(db),
    query: <Row>(text: string, params?: readonly unknown[]) => {
      if (text.includes('pg_locks') && ++looks === 3) looked.resolve();
      return db.query<Row>(text, params);
    },
  };
  const first = exportRows(watched, {
    to,
    format: 'parquet',
    since: REFERENCE_US,
    until: REFERENCE_US + 1,
    marginMs: 0,
  });
  await looked.promise;
  await commit();
  await first;
  assert.equal((await exportedVersions(folder)).calls.length, 2);
  await db.transaction((tx) => write(tx, 'CA3'));
  await run();
  assert.deepEqual(await exportedVersions(folder), await storedVersions(db));
  await db.close();
});

test('it waits for none that begins later, and gives up on one that does not end', async () => {
  const { db, commit } = await openWriter('CA1');
  await assert.rejects(settledInstant(db, { patienceMs: 1 }), /A transaction has been writing calls/);
  await commit();
  await settledInstant(db, { patienceMs: 1 });
  await db.close();
});
