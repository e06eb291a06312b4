import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Database, deletedCalls, openPostgres } from '../../../exporter/store/index.ts';
import { sharedPostgres } from '../../support/databases.ts';
import { fillTenants } from '../../support/page-tenants.ts';
import type { TestPostgres } from '../../support/postgres.ts';

const shared = sharedPostgres();
let postgres: TestPostgres;
let db: Database;
before(async () => {
  postgres = await shared.running();
  db = openPostgres({ url: await postgres.createMigrated() });
});
after(async () => {
  await db?.close();
  await shared.leave();
});

test('calls were deleted that have neither row nor span of the tenant, in a database that is as old as they are', async () => {
  assert.deepEqual([...(await deletedCalls(db, 'default', ['gone']))], [], 'it may be a new one');
  const rows = await fillTenants(db, { calls: 2, untilUs: Date.now() * 1_000 - 3 * 86_400e6 });
  const [one, two] = rows
    .filter(({ metrics }) => metrics.tenant === 'acme')
    .map(({ metrics }) => metrics.call_id);
  assert.ok(one && two);
  const deleted = async (tenant: string) => [...(await deletedCalls(db, tenant, [one, two, 'gone']))].sort();
  assert.deepEqual(await deleted('acme'), ['gone']);
  await db.query("DELETE FROM :schema.call_metrics WHERE tenant = 'acme' AND call_id = $1", [one]);
  assert.deepEqual(await deleted('acme'), ['gone'], 'its spans are there');
  await db.query("DELETE FROM :schema.call_spans WHERE tenant = 'acme' AND call_id = $1", [one]);
  assert.deepEqual(await deleted('acme'), [one, 'gone'].sort());
  assert.deepEqual(await deleted('default'), ['gone']);
});
