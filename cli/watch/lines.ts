import type { CallMetricsRow } from '../../model/rows.ts';
import { safeText } from '../../model/safe-text.ts';
import { showDuration, showMoney, showSeconds } from '../render/text.ts';

/** One call on one line, as it ends. */
export function callLine(row: CallMetricsRow): string {
  const turns = `${row.turn_count} ${row.turn_count === 1 ? 'turn' : 'turns'}`;
  return [
    safeText(row.call_id),
    showDuration(row.duration_seconds),
    turns,
    `silence p50 ${showSeconds(row.eou_latency_p50)}, p95 ${showSeconds(row.eou_latency_p95)}`,
    ...(row.outcome === null ? [] : [row.outcome]),
    showMoney(row.cost_total) + (row.unpriced.length > 0 ? '+' : ''),
  ].join('  ');
}
