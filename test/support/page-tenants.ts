import { finalizeCall } from '../../exporter/finalize.ts';
import { catalogue } from '../../exporter/pricing/index.ts';
import { type Database, Journal, writeCallRows } from '../../exporter/store/index.ts';
import type { Fact } from '../../model/facts.ts';
import type { CallRows } from '../../model/rows.ts';
import { callOf } from './page-world.ts';

/** Turns of each of a tenant's calls. */
export const TURNS_OF = { default: 3, acme: 6 } as const;
export type TestTenant = keyof typeof TURNS_OF;
export const TEST_TENANTS = Object.keys(TURNS_OF) as TestTenant[];

interface Options {
  /** Of each tenant. */
  calls: number;
  untilUs: number;
}

/** A call of a tenant; the other has one of the same ids, traces and instants, but of another length. */
export const tenantCall = (tenant: TestTenant, index: number, options: Options): Fact[] =>
  callOf(index, { ...options, turns: TURNS_OF[tenant] }).map((fact) => ({ ...fact, tenant }));

/** Writes the calls of both tenants, and gives their rows. */
export async function fillTenants(db: Database, options: Options): Promise<CallRows[]> {
  const prices = catalogue();
  const calls = TEST_TENANTS.flatMap((tenant) =>
    Array.from({ length: options.calls }, (_, index) => tenantCall(tenant, index, options)),
  );
  const rows = calls.map((facts) => finalizeCall(facts, prices));
  await new Journal(db).append(calls.flat());
  await db.transaction((tx) => writeCallRows(tx, rows, 'test'));
  await db.query('DELETE FROM :schema.call_queue');
  return rows;
}
