import { finalizeCall } from '../../../exporter/finalize.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import type { Database } from '../../../exporter/store/database.ts';
import { Journal } from '../../../exporter/store/index.ts';
import { writeCallRows } from '../../../exporter/store/rows.ts';
import type { FleetCall } from './calls.ts';

/** Writes the calls as one process does that nothing happens to: each fact once, each call computed once. */
export async function writeUndisturbed(db: Database, calls: readonly FleetCall[]): Promise<void> {
  const priceList = catalogue();
  const rows = calls
    .filter(({ facts }) => facts.length > 0)
    .map(({ facts }) => finalizeCall(facts, priceList));
  await new Journal(db).append(calls.flatMap(({ facts }) => facts));
  await db.transaction((tx) => writeCallRows(tx, rows, 'undisturbed'));
}

/** What a database has of some calls, as PostgreSQL writes it. */
export interface Stored {
  readonly journal: readonly string[];
  readonly metrics: readonly string[];
  readonly logs: readonly string[];
}

/** What has a column is in the JSON of a span, too, where a process wrote it that had not seen the journal's partitions yet. */
const WITHOUT_COLUMNS = `jsonb_build_object('facts',
  t.facts - '{tenant,traceId,spanId,callId,turnIndex,stage,startUs,endUs}'::text[])`;

const rowsOf = (table: string, order: string) => `\
SELECT (to_jsonb(t) - $2::text[]${table === 'call_spans' ? ` || ${WITHOUT_COLUMNS}` : ''})::text AS row
FROM earshot.${table} t WHERE call_id = ANY ($1::text[]) ORDER BY ${order}`;

const WHO_AND_WHEN = ['finalized_at', 'finalized_by', 'recorded_at', 'spans_at'];

/** Everything stored of the calls, but for who wrote it and when, and for columns that are named. */
export async function storedOf(
  db: Database,
  callIds: readonly string[],
  without: readonly string[] = [],
): Promise<Stored> {
  const read = async (table: string, order: string) =>
    (await db.query<{ row: string }>(rowsOf(table, order), [callIds, [...WHO_AND_WHEN, ...without]])).map(
      ({ row }) => row,
    );
  return {
    journal: await read('call_spans', 'tenant, trace_id, span_id, ended_at'),
    metrics: await read('call_metrics', 'tenant, call_id'),
    logs: await read('call_logs', 'tenant, call_id, turn_index'),
  };
}
