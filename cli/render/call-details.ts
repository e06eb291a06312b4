import type { Estimates } from '../../exporter/store/index.ts';
import type { CallMetricsRow, CallScoreRow } from '../../model/rows.ts';
import { DEFAULT_TENANT } from '../../model/tenant.ts';
import { COST_PARTS, LATENCIES } from '../../model/vocabulary.ts';
import { markedCost, markedSilence } from './marks.ts';
import { speechParts } from './speech.ts';
import {
  count,
  field,
  type Paint,
  showDuration,
  showInstant,
  showMoney,
  showSeconds,
  table,
  UNKNOWN,
  wrapped,
} from './text.ts';
import { unpricedText } from './unpriced.ts';

const LABEL_WIDTH = 12;

export interface CallDetailsOptions {
  estimates: Estimates | undefined;
  scores: readonly CallScoreRow[];
  /** Times in UTC and not in the time zone of the machine. */
  utc: boolean;
  /** Characters of a line. */
  screen: number;
  /** The call goes on: its figures are those so far. */
  running: boolean;
}

/** All that is known of one call. */
export function callDetails(row: CallMetricsRow, options: CallDetailsOptions, paint: Paint): string {
  const { utc, screen, running, estimates, scores } = options;
  const line = (label: string, parts: readonly (string | undefined)[]) => {
    const known = parts.filter((part) => part !== undefined);
    return known.length > 0 ? [field(label, known, screen, LABEL_WIDTH)] : [];
  };
  const known = (label: string, value: string | number | null) =>
    value === null ? undefined : `${label} ${value}`;
  const outcome = row.outcome
    ? `${row.outcome} (${row.outcome_source}, confidence ${row.outcome_confidence ?? UNKNOWN})`
    : UNKNOWN;
  return [
    paint('bold', `Call ${row.call_id}`),
    ...line('started', [
      `${showInstant(row.started_at, utc)}${utc ? ' UTC' : ''}`,
      running ? `going on, ${showDuration(row.duration_seconds)} so far` : showDuration(row.duration_seconds),
      count(row.turn_count, 'turn'),
      running ? undefined : `ended: ${row.end_reason ?? UNKNOWN}`,
    ]),
    ...line('of', [
      row.tenant === DEFAULT_TENANT ? undefined : `tenant ${row.tenant}`,
      known('service', [row.service_name, row.service_version].filter(Boolean).join(' ') || null),
      known('in', row.deployment_environment),
      known('region', row.cloud_region),
      known('agent', row.agent_name),
      known('campaign', row.campaign_id),
      known('customer', row.customer_id),
      [row.direction, row.channel].filter(Boolean).join(', ') || undefined,
    ]),
    ...line(
      'tags',
      Object.entries(row.tags ?? {}).map(([name, value]) => `${name}=${value}`),
    ),
    ...line('recording', [row.recording_url ?? undefined]),
    ...line('outcome', [
      outcome,
      `sentiment ${row.sentiment_label ?? UNKNOWN}`,
      `interruptions ${row.interruption_count ?? UNKNOWN} (false: ${row.false_interruption_count ?? UNKNOWN})`,
      `unanswered ${row.unanswered_count ?? UNKNOWN}`,
    ]),
    ...line(
      'scores',
      scores.map(
        ({ name, value, label }) => `${name} ${[value, label].filter((part) => part !== null).join(' ')}`,
      ),
    ),
    ...line('speech', speechParts(row)),
    ...line('usage', [
      `${row.llm_input_tokens ?? UNKNOWN} tokens in (${row.llm_cached_tokens ?? UNKNOWN} cached), ${row.llm_output_tokens ?? UNKNOWN} out`,
      `${row.stt_audio_seconds?.toFixed(1) ?? UNKNOWN} s transcribed`,
      `${row.tts_characters ?? UNKNOWN} characters spoken`,
    ]),
    ...line('cost', [
      paint('bold', markedCost(row, estimates)),
      ...COST_PARTS.map((part) =>
        known(part, row[`cost_${part}`] === null ? null : showMoney(row[`cost_${part}`])),
      ),
      `(${row.price_list})`,
    ]),
    ...line('platform', [
      row.platform ?? undefined,
      known('charges', row.cost_platform === null ? null : showMoney(row.cost_platform)),
    ]),
    ...line('carrier', [
      row.leg_count !== null && row.leg_count > 1 ? count(row.leg_count, 'leg') : undefined,
      known('billed', row.billed_seconds === null ? null : showDuration(row.billed_seconds)),
    ]),
    ...(row.unpriced.length > 0 ? [paint('yellow', wrapped(unpricedText(row.unpriced, 'for'), screen))] : []),
    '',
    latencies(row, estimates, screen),
  ].join('\n');
}

const latencies = (row: CallMetricsRow, estimates: Estimates | undefined, screen: number): string =>
  table(
    [
      { title: 'LATENCY', cell: (name) => name },
      ...(['avg', 'p50', 'p95', 'min', 'max'] as const).map((statistic) => ({
        title: statistic.toUpperCase(),
        right: true,
        cell: (name: (typeof LATENCIES)[number]) => {
          const seconds = row[`${name}_${statistic}`];
          return name === 'eou_latency' ? markedSilence(seconds, estimates) : showSeconds(seconds);
        },
      })),
    ],
    LATENCIES,
    screen,
  );
