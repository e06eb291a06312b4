import { type CallRows, keyOf } from '../../exporter/store/index.ts';
import type { CallSample } from '../../exporter/store/views/index.ts';
import { SEGMENTS } from '../../model/vocabulary.ts';

/** Calls for statistics, as the database gives them of these rows. */
export const callSamples = (rows: readonly CallRows[]): CallSample[] =>
  rows.map(({ metrics, logs }) => ({
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
  }));
