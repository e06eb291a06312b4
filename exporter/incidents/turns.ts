import type { WatchedTurn } from '../../model/incidents.ts';
import type { CallRows } from '../../model/rows.ts';
import { SEGMENTS } from '../../model/vocabulary.ts';

/** The turns of a call's rows, as they are watched. */
export const watchedTurns = ({ metrics, logs }: Pick<CallRows, 'metrics' | 'logs'>): WatchedTurn[] =>
  logs.map((row) => ({
    tenant: metrics.tenant,
    callId: metrics.call_id,
    turnIndex: row.turn_index,
    at: row.created_at,
    knownAt: metrics.ended_at,
    agent: metrics.agent_name,
    region: metrics.cloud_region,
    silence: row.eou_latency,
    segments: SEGMENTS.map((segment) => (row.eou_latency === null ? null : row[`segment_${segment}`])),
    transcription: row.latency_stt,
    models: {
      stt: { provider: row.stt_provider, model: row.stt_model },
      llm: { provider: row.llm_provider, model: row.llm_model },
      tts: { provider: row.tts_provider, model: row.tts_model },
    },
  }));
