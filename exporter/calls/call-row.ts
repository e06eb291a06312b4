import type { Decimal } from 'decimal.js';
import type { CallLogRow, CallMetricsRow } from '../../model/rows.ts';
import type { Outcome, OutcomeSource, SentimentLabel } from '../../model/vocabulary.ts';
import { LATENCIES, STATISTICS } from '../../model/vocabulary.ts';
import { Usd } from '../pricing/money.ts';
import type { GroupedCall } from './grouped.ts';
import { toSeconds, toSecondsOrNull } from './latencies.ts';
import { speechColumns } from './log-row.ts';
import type { CallSpeech } from './speech.ts';
import { wordsPerMinute } from './speech-rate.ts';
import { statistics } from './statistics.ts';
import { unansweredCount } from './unanswered.ts';
import { usageOf } from './usage.ts';

/** What a call costs, by component. Null: nothing of the component has a price. */
export interface CallCost {
  cost_stt: Decimal | null;
  cost_llm: Decimal | null;
  cost_tts: Decimal | null;
  cost_livekit: Decimal | null;
  cost_telephony: Decimal | null;
  cost_total: Decimal | null;
  unpriced: string[];
  price_list: string;
}

/** How well a call went. */
export interface CallQuality {
  interruption_count: number | null;
  interruption_rate: number | null;
  false_interruption_count: number | null;
  outcome: Outcome | null;
  outcome_confidence: number | null;
  outcome_source: OutcomeSource | null;
  sentiment_avg: number | null;
  sentiment_label: SentimentLabel | null;
}

/** The row of the call, over the rows of its turns. */
export function callRow(
  call: GroupedCall,
  logs: readonly CallLogRow[],
  quality: CallQuality,
  cost: CallCost,
  speech: CallSpeech,
  clockSkewCount: number,
): CallMetricsRow {
  const { fact } = call;
  return {
    tenant: call.tenant,
    call_id: call.callId,
    service_name: call.serviceName ?? null,
    service_version: call.serviceVersion ?? null,
    deployment_environment: call.deploymentEnvironment ?? null,
    cloud_region: call.cloudRegion ?? null,
    agent_name: fact?.agentName ?? null,
    campaign_id: fact?.campaignId ?? null,
    customer_id: fact?.customerId ?? null,
    tags: call.tags ?? null,
    direction: fact?.direction ?? null,
    channel: fact?.channel ?? null,
    room_id: fact?.roomId ?? null,
    sip_call_id: fact?.sipCallId ?? null,
    sip_trunk_id: fact?.sipTrunkId ?? null,
    started_at: call.startUs,
    ended_at: call.endUs,
    duration_seconds: toSeconds(call.endUs - call.startUs),
    turn_count: logs.length,
    ...latencyStatistics(logs),
    ...usageOf(call.stages),
    ...quality,
    ...(!call.knowsSpeech && NO_INTERRUPTIONS),
    ...speechColumns(speech),
    talk_ratio: talkRatio(speech),
    longest_silence: toSecondsOrNull(speech.longestSilenceUs),
    dead_air_seconds: toSecondsOrNull(speech.deadAirUs),
    user_words_per_minute: wordsPerMinute('user', call.turns, speech.turns),
    agent_words_per_minute: wordsPerMinute('agent', call.turns, speech.turns),
    unanswered_count: unansweredCount(call.turns, call.stages),
    clock_skew_count: clockSkewCount,
    end_reason: fact?.endReason ?? null,
    platform: fact?.platform ?? null,
    leg_count: call.legCount ?? null,
    billed_seconds: billedSecondsOf(call),
    recording_url: fact?.recordingUrl ?? null,
    ...cost,
    cost_platform: fact?.platformCostUsd === undefined ? null : new Usd(fact.platformCostUsd),
    sources: call.sources ?? null,
    spans_dropped: null,
  };
}

/** Of all legs. */
const billedSecondsOf = ({ billed = [] }: GroupedCall): number | null =>
  billed.length === 0 ? null : billed.reduce((sum, { seconds }) => sum + seconds, 0);

/** The agent's part of all that was said. */
const talkRatio = ({ userUs, agentUs }: CallSpeech): number | null =>
  userUs === null || agentUs === null || userUs + agentUs === 0 ? null : agentUs / (userUs + agentUs);

/** Where nothing shows when the user spoke, nothing shows who was interrupted. */
const NO_INTERRUPTIONS = {
  interruption_count: null,
  interruption_rate: null,
  false_interruption_count: null,
} as const;

type StatisticColumns = Pick<CallMetricsRow, `${(typeof LATENCIES)[number]}_${(typeof STATISTICS)[number]}`>;

/** Column names, made once. */
const COLUMNS = LATENCIES.map((latency) => ({
  latency,
  columns: STATISTICS.map((statistic) => ({ statistic, column: `${latency}_${statistic}` as const })),
}));

function latencyStatistics(logs: readonly CallLogRow[]): StatisticColumns {
  const row: Partial<StatisticColumns> = {};
  for (const { latency, columns } of COLUMNS) {
    const summary = statistics(logs.map((log) => log[latency]));
    for (const { statistic, column } of columns) row[column] = summary[statistic];
  }
  return row as StatisticColumns;
}
