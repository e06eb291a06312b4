import { type CallKey, type Estimates, keyOf } from '../../exporter/store/index.ts';
import type { StoredCallMetrics } from '../../model/rows.ts';
import { markedCost, markedSilence } from './marks.ts';
import { type Column, showDuration, showInstant, table, UNKNOWN } from './text.ts';

const TENANT: Column<StoredCallMetrics> = { title: 'TENANT', cell: (row) => row.tenant };

/** How calls are shown. */
export interface CallTableOptions {
  estimates: ReadonlyMap<CallKey, Estimates>;
  /** Times in UTC and not in the time zone of the machine. */
  utc: boolean;
  /** Characters of a line. */
  screen: number;
}

/** One line a call, of several tenants with whose it is. Where the screen is narrow, the columns that say least go first, and ids are cut. */
export function callTable(rows: readonly StoredCallMetrics[], options: CallTableOptions): string {
  const { estimates, utc, screen } = options;
  const of = (row: StoredCallMetrics) => estimates.get(keyOf(row));
  const columns: readonly Column<StoredCallMetrics>[] = [
    { title: 'CALL', enough: 12, cell: (row) => row.call_id },
    { title: utc ? 'STARTED (UTC)' : 'STARTED', cell: (row) => showInstant(row.started_at, utc) },
    { title: 'LENGTH', right: true, leaves: 3, cell: (row) => showDuration(row.duration_seconds) },
    { title: 'TURNS', right: true, leaves: 4, cell: (row) => String(row.turn_count) },
    {
      title: 'SILENCE P50',
      right: true,
      leaves: 2,
      cell: (row) => markedSilence(row.eou_latency_p50, of(row)),
    },
    { title: 'P95', right: true, cell: (row) => markedSilence(row.eou_latency_p95, of(row)) },
    {
      title: 'INTERRUPTED',
      right: true,
      leaves: 5,
      cell: (row) => String(row.interruption_count ?? UNKNOWN),
    },
    { title: 'OUTCOME', leaves: 1, cell: (row) => row.outcome ?? UNKNOWN },
    // What has no mark keeps its place: amounts stand one below the other.
    { title: 'COST', right: true, cell: (row) => markedCost(row, of(row)).replace(/[^+]$/, '$& ') },
  ];
  const tenants = new Set(rows.map(({ tenant }) => tenant));
  return table(tenants.size > 1 ? [TENANT, ...columns] : columns, rows, screen);
}
