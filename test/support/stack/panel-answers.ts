import assert from 'node:assert/strict';
import {
  expandPromql,
  expandSql,
  type GrafanaDashboard,
  type GrafanaTarget,
  openVariables,
} from '../grafana/query.ts';
import type { Stack } from './stack.ts';

/** Queries that this run gives nothing to show, and why. Their own tests fill them. */
export const MAY_BE_EMPTY: ReadonlyMap<string, string> = new Map([
  ['voice-call/21A', 'metadata mode leaves no transcript'],
  ['voice-pipeline/12A', 'nothing was dropped'],
  ['voice-pipeline/18A', 'earshot serve has no spool'],
  ['voice-pipeline/18B', 'earshot serve has no spool'],
  ['voice-pipeline/24B', 'no sender goes beyond the limits'],
  ['voice-pipeline/31A', 'every call was finalized'],
]);

/** Asks as Grafana would, for a call that was made since `startedMs`. Gives the number of rows, series or spans. */
export async function answer(
  stack: Stack,
  dashboard: GrafanaDashboard,
  { rawSql, expr, query }: GrafanaTarget,
  { startedMs, callId }: { startedMs: number; callId: string },
): Promise<number> {
  const range = { from: new Date(startedMs - 60_000), to: new Date(), intervalSeconds: 60 };
  const choices = await openVariables(dashboard, (sql) => stack.reader.query(sql), range, {
    call_id: callId,
  });
  if (rawSql !== undefined) {
    const rows = await stack.reader.query(expandSql(rawSql, choices, range));
    for (const [column, value] of rows.flatMap((row) => Object.entries(row))) {
      assert.ok(typeof value !== 'number' || Number.isFinite(value), `${column}: ${value}`);
    }
    return rows.filter((row) => Object.values(row).some((value) => value !== null)).length;
  }
  if (expr !== undefined) {
    const asked = expandPromql(expr, choices, { rateInterval: '5m', range: '15m' });
    const series = await stack.prometheus.query(asked);
    for (const { metric, value } of series)
      assert.ok(Number.isFinite(value), `${JSON.stringify(metric)}: ${value}`);
    return series.length;
  }
  const trace = await stack.jaeger.trace(expandSql(query ?? '', choices, range));
  return trace?.spans.length ?? 0;
}
