import type { Database } from '../exporter/store/index.ts';
import { LATENCIES, SEGMENTS, STATISTICS } from '../model/vocabulary.ts';

/** Turns of each call. */
export const TURNS = Number(process.env.EARSHOT_BENCH_TURNS ?? 6);
const THIRTY_DAYS_SECONDS = 30 * 86_400;

const SEGMENT_COLUMNS = SEGMENTS.map((segment) => `segment_${segment}`);
const STATISTIC_COLUMNS = LATENCIES.flatMap((latency) =>
  STATISTICS.map((statistic) => `${latency}_${statistic}`),
);
const chance = (least: number, most: number) => `${least} + random() * ${most - least}`;

const LOGS = `\
INSERT INTO :schema.call_logs (
  call_id, turn_index, created_at, trace_id, initiator, interrupted, interruption_kind, sentiment_score, eou_source, playback_source,
  stt_provider, stt_model, llm_provider, llm_model, tts_provider, tts_model, ${LATENCIES.filter((latency) => latency !== 'eou_latency').join(', ')},
  ${SEGMENT_COLUMNS.join(', ')}, eou_latency, llm_input_tokens, llm_output_tokens, stt_audio_seconds, tts_characters,
  cost_stt, cost_llm, cost_tts, cost_total
)
SELECT
  'CA' || md5(n::text), turn, now() - n * $3::double precision * interval '1 second' + turn * interval '10 seconds', md5(n || '-' || turn),
  'user', s.cut < 0.1, CASE WHEN s.cut < 0.1 THEN 'barge_in' END, random() * 2 - 1, 'vad', 'observed',
  'deepgram', 'nova-3', 'openai', (ARRAY['gpt-4o', 'gpt-4o-mini', 'gpt-4.1'])[1 + n % 3], 'cartesia', 'sonic-2',
  ${LATENCIES.filter((latency) => latency !== 'eou_latency')
    .map(() => chance(0.1, 0.6))
    .join(', ')},
  ${SEGMENT_COLUMNS.map((name) => `s.${name}`).join(', ')}, ${SEGMENT_COLUMNS.map((name) => `s.${name}`).join(' + ')}, 900, 60, 3.2, 120, 0.0004, 0.003, 0.002, 0.0054
FROM generate_series($1::int, $2::int) AS n
CROSS JOIN generate_series(0, ${TURNS - 1}) AS turn
CROSS JOIN LATERAL (
  SELECT ${SEGMENT_COLUMNS.map((name) => `${chance(0.02, 0.4)} + n * 0 + turn * 0 AS ${name}`).join(', ')}, random() + n * 0 + turn * 0 AS cut
) AS s`;

/** With the longest silence that their turns have. */
const CALLS = `\
WITH turn AS (${LOGS} RETURNING call_id, eou_latency), longest AS (
  SELECT call_id, max(eou_latency) AS eou_latency_max FROM turn GROUP BY 1
)
INSERT INTO :schema.call_metrics (
  call_id, service_name, service_version, deployment_environment, agent_name, campaign_id, customer_id, tags, direction, channel,
  started_at, ended_at, duration_seconds, turn_count, ${STATISTIC_COLUMNS.join(', ')},
  llm_input_tokens, llm_output_tokens, stt_audio_seconds, tts_characters, interruption_count, false_interruption_count,
  unanswered_count, user_speech_seconds, agent_speech_seconds, overlap_seconds, talk_ratio, longest_silence, dead_air_seconds, outcome, outcome_source, end_reason, sentiment_avg, sentiment_label, cost_stt, cost_llm, cost_tts, cost_telephony, cost_total, unpriced, price_list,
  finalized_at, finalized_by
)
SELECT
  'CA' || md5(n::text), 'phone-agent', '1.' || n / 20000, 'production', 'agent-' || n % 5, 'campaign-' || n % 40,
  'cus_' || n % 3000, jsonb_build_object('plan', (ARRAY['gold', 'silver'])[1 + n % 2]), 'inbound', 'phone',
  now() - n * $3::double precision * interval '1 second', now() - n * $3::double precision * interval '1 second' + interval '70 seconds', 70, ${TURNS},
  ${STATISTIC_COLUMNS.map((name) => (name === 'eou_latency_max' ? 'longest.eou_latency_max' : chance(0.3, 1.8))).join(', ')},
  5400, 360, 19.2, 720, (random() * 2)::int, 0, 0, 19.2, 33.6, 0.4, 33.6 / 52.8, 3.5, CASE WHEN n % 4 = 0 THEN 3.5 ELSE 0 END, (ARRAY['SUCCESS', 'SUCCESS', 'SUCCESS', 'FAIL', NULL])[1 + n % 5], 'explicit', 'hangup', (n % 9 - 4) / 4.0, (ARRAY['negative', 'neutral', 'positive'])[1 + n % 3],
  0.0024, 0.018 * x.size, 0.012, 0.0085, 0.0229 + 0.018 * x.size, CASE WHEN n % 50 = 0 THEN ARRAY['tts:unknown'] ELSE '{}' END, 'catalogue',
  now(), 'bench'
FROM generate_series($1::int, $2::int) AS n
JOIN longest ON longest.call_id = 'CA' || md5(n::text)
CROSS JOIN LATERAL (SELECT round((random() + n * 0)::numeric * 3, 6) AS size) AS x`;

/**
 * Fills an empty, migrated database with so many calls, one every so many seconds back from now (default: thirty days of
 * them), as they are after a vacuum.
 */
export async function storeCalls(
  db: Database,
  calls: number,
  everySeconds: number = THIRTY_DAYS_SECONDS / calls,
): Promise<void> {
  const slice = 20_000;
  for (let first = 1; first <= calls; first += slice) {
    await db.query(CALLS, [first, Math.min(calls, first + slice - 1), everySeconds]);
  }
}
