import { Decimal } from 'decimal.js';
import { statistics } from '../../exporter/calls/statistics.ts';
import type { CallLogRow, CallMetricsRow } from '../../model/rows.ts';
import { DEFAULT_TENANT } from '../../model/tenant.ts';
import { LATENCIES } from '../../model/vocabulary.ts';
import {
  type Column,
  type Paint,
  showDuration,
  showInstant,
  showMoney,
  showSeconds,
  table,
  UNKNOWN,
} from './text.ts';

const COMPONENTS = ['stt', 'llm', 'tts', 'telephony', 'livekit'] as const;

const COLUMNS: readonly Column<CallMetricsRow>[] = [
  { title: 'CALL', cell: (row) => row.call_id },
  { title: 'STARTED (UTC)', cell: (row) => showInstant(row.started_at) },
  { title: 'LENGTH', right: true, cell: (row) => showDuration(row.duration_seconds) },
  { title: 'TURNS', right: true, cell: (row) => String(row.turn_count) },
  { title: 'SILENCE P50', right: true, cell: (row) => showSeconds(row.eou_latency_p50) },
  { title: 'P95', right: true, cell: (row) => showSeconds(row.eou_latency_p95) },
  { title: 'INTERRUPTED', right: true, cell: (row) => String(row.interruption_count ?? UNKNOWN) },
  { title: 'OUTCOME', cell: (row) => row.outcome ?? UNKNOWN },
  {
    title: 'COST',
    right: true,
    cell: (row) => showMoney(row.cost_total) + (row.unpriced.length > 0 ? '+' : ' '),
  },
];

const TENANT: Column<CallMetricsRow> = { title: 'TENANT', cell: (row) => row.tenant };

/** One line a call; of several tenants, whose it is. A `+` behind a cost says that something had no price: the cost is a lower bound. */
export function callTable(rows: readonly CallMetricsRow[]): string {
  const tenants = new Set(rows.map(({ tenant }) => tenant));
  return table(tenants.size > 1 ? [TENANT, ...COLUMNS] : COLUMNS, rows);
}

/** What all the calls together come to. `turns` are their turns. */
export function summary(rows: readonly CallMetricsRow[], turns: readonly CallLogRow[], paint: Paint): string {
  const eou = statistics(turns.map((turn) => turn.eou_latency));
  const outcomes = count(rows.map((row) => row.outcome ?? 'unknown'));
  const unpriced = [...new Set(rows.flatMap((row) => row.unpriced))].sort();
  const interruptions = total(rows.map((row) => row.interruption_count));
  const unanswered = total(rows.map((row) => row.unanswered_count));
  return [
    `${paint('bold', `${rows.length} calls, ${turns.length} turns`)}`,
    `silence before the agent answers   p50 ${paint('bold', showSeconds(eou.p50))}   p95 ${paint('bold', showSeconds(eou.p95))}   max ${showSeconds(eou.max)}`,
    `interruptions                      ${interruptions ?? UNKNOWN}`,
    `utterances without an answer       ${unanswered ?? UNKNOWN}`,
    `outcomes                           ${outcomes}`,
    `cost                               ${costs(rows, paint)}`,
    ...(unpriced.length > 0
      ? [paint('yellow', `no price is known for               ${unpriced.join(', ')}`)]
      : []),
  ].join('\n');
}

/** Over those that are known; undefined when none is. */
function total(counts: readonly (number | null)[]): number | undefined {
  const known = counts.filter((count) => count !== null);
  return known.length === 0 ? undefined : known.reduce((sum, count) => sum + count, 0);
}

/** Costs by component, and their total. */
function costs(rows: readonly CallMetricsRow[], paint: Paint): string {
  const sum = (values: readonly (Decimal | null)[]): Decimal | null => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? null : Decimal.sum(...known);
  };
  const parts = COMPONENTS.flatMap((component) => {
    const cost = sum(rows.map((row) => row[`cost_${component}`]));
    return cost === null ? [] : [`${component} ${showMoney(cost)}`];
  });
  return [`${paint('bold', showMoney(sum(rows.map((row) => row.cost_total))))}`, ...parts].join('   ');
}

/** All that is known of one call. */
export function callDetails(row: CallMetricsRow, paint: Paint): string {
  const latencies = table(
    [
      { title: 'LATENCY', cell: (name) => name },
      ...(['avg', 'p50', 'p95', 'min', 'max'] as const).map((statistic) => ({
        title: statistic.toUpperCase(),
        right: true,
        cell: (name: (typeof LATENCIES)[number]) => showSeconds(row[`${name}_${statistic}`]),
      })),
    ],
    LATENCIES,
  );
  const tenant = row.tenant === DEFAULT_TENANT ? undefined : `tenant ${row.tenant}`;
  const who = [tenant, row.service_name, row.agent_name, row.campaign_id, row.direction, row.channel]
    .filter(Boolean)
    .join(', ');
  const outcome = row.outcome
    ? `${row.outcome} (${row.outcome_source}, confidence ${row.outcome_confidence ?? UNKNOWN})`
    : UNKNOWN;
  const tokens = `${row.llm_input_tokens ?? UNKNOWN} in (${row.llm_cached_tokens ?? UNKNOWN} cached), ${row.llm_output_tokens ?? UNKNOWN} out`;
  return [
    `${paint('bold', `Call ${row.call_id}`)}  ${who}`,
    `${showInstant(row.started_at)} UTC, ${showDuration(row.duration_seconds)}, ${row.turn_count} turns, ended: ${row.end_reason ?? UNKNOWN}`,
    `outcome ${outcome}   sentiment ${row.sentiment_label ?? UNKNOWN}   interruptions ${row.interruption_count ?? UNKNOWN} (false: ${row.false_interruption_count ?? UNKNOWN})   unanswered ${row.unanswered_count ?? UNKNOWN}`,
    `usage   ${tokens} tokens   ${row.stt_audio_seconds?.toFixed(1) ?? UNKNOWN} s transcribed   ${row.tts_characters ?? UNKNOWN} characters spoken`,
    `cost    ${costs([row], paint)}   (${row.price_list})`,
    ...(row.unpriced.length > 0 ? [paint('yellow', `no price is known for ${row.unpriced.join(', ')}`)] : []),
    '',
    latencies,
  ].join('\n');
}

function count(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([value, n]) => `${value} ${n}`)
    .join('   ');
}
