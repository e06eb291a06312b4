import type { CheckedTotals } from '../../exporter/checks/figures.ts';
import { sumUsd } from '../../exporter/pricing/money.ts';
import { quantileOf } from '../../exporter/statistics/quantile.ts';
import { type CallRows, keyOf } from '../../exporter/store/index.ts';
import type { CallSample } from '../../exporter/store/views/index.ts';
import { SEGMENTS } from '../../model/vocabulary.ts';

/** Calls for statistics, as the database gives them of these rows (test/integration/cli/decisions.test.ts). */
export const callSamples = (rows: readonly CallRows[]): CallSample[] =>
  rows
    .map(({ metrics, logs }) => ({
      call: keyOf({ tenant: metrics.tenant, call_id: metrics.call_id }),
      seconds: metrics.duration_seconds ?? 0,
      cost: metrics.cost_total === null ? null : Number(metrics.cost_total),
      isUnpriced: metrics.unpriced.length > 0,
      outcome: metrics.outcome,
      turns: metrics.turn_count,
      interruptions: metrics.interruption_count,
      silences: logs.flatMap((turn) =>
        turn.eou_latency === null
          ? []
          : [[turn.eou_latency, ...SEGMENTS.map((segment) => turn[`segment_${segment}`] ?? 0)]],
      ),
    }))
    .sort((one, other) => (one.call < other.call ? -1 : 1));

/** What calls come to, of what can have a limit; as the database gives it of these rows. */
export function checkedTotals(rows: readonly CallRows[]): CheckedTotals {
  const metrics = rows.map((row) => row.metrics);
  const judged = metrics.filter(({ interruption_count }) => interruption_count !== null);
  const silences = rows.flatMap(({ logs }) => logs.flatMap(({ eou_latency }) => eou_latency ?? []));
  const at = (fraction: number) => (silences.length === 0 ? null : quantileOf(silences, fraction));
  const outcomes: Partial<Record<keyof CheckedTotals['outcomes'], number>> = {};
  for (const { outcome } of metrics)
    outcomes[outcome ?? 'unknown'] = (outcomes[outcome ?? 'unknown'] ?? 0) + 1;
  return {
    calls: rows.length,
    cost: sumUsd(metrics.map(({ cost_total }) => cost_total)) ?? null,
    durationSeconds:
      sum(metrics.map(({ duration_seconds }) => Math.round((duration_seconds ?? 0) * 1e6))) / 1e6,
    judgedTurns: sum(judged.map(({ turn_count }) => turn_count)),
    interruptions:
      judged.length === 0 ? null : sum(judged.map(({ interruption_count }) => interruption_count)),
    outcomes,
    callsUnpriced: metrics.filter(({ unpriced }) => unpriced.length > 0).length,
    callsWithoutCost: metrics.filter(({ cost_total }) => cost_total === null).length,
    silence: { turns: silences.length, p50: at(0.5), p95: at(0.95) },
  };
}

const sum = (values: readonly (number | null)[]): number =>
  values.reduce<number>((all, value) => all + (value ?? 0), 0);
