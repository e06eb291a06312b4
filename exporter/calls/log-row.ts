import type { Decimal } from 'decimal.js';
import type { Interruption, StageFact } from '../../model/facts.ts';
import type { CallLogRow } from '../../model/rows.ts';
import type { StageKind } from '../../model/vocabulary.ts';
import { turnInterruptionKind } from '../quality/interruption-metrics.ts';
import { lengthOf } from './coverage.ts';
import { gapPart } from './gap-part.ts';
import type { GroupedCall, GroupedTurn } from './grouped.ts';
import { latenciesOf, toSecondsOrNull } from './latencies.ts';
import type { MarkedTurn } from './marks.ts';
import { segmentsOf } from './segments.ts';
import type { Speech, TurnSpeech } from './speech.ts';
import { stagesOf } from './spoken.ts';
import { usageEstimated, usageOf } from './usage.ts';

/** What a turn costs, by component. Null: nothing of the component has a price. */
export interface TurnCost {
  cost_stt: Decimal | null;
  cost_llm: Decimal | null;
  cost_tts: Decimal | null;
  cost_total: Decimal | null;
}

type CallName = Pick<GroupedCall, 'tenant' | 'callId'>;

/** The row of one turn. */
export function logRow(
  { tenant, callId }: CallName,
  marked: MarkedTurn,
  cost: TurnCost,
  speech: TurnSpeech | undefined,
): CallLogRow {
  const { turn, spoken, stt } = marked;
  const { fact, stages } = turn;
  const interruptions = interruptionsIn(turn);
  const transcription = stt ?? lastOf(stages, 'stt');
  const request = spoken.llm ?? lastOf(stages, 'llm');
  const synthesis = spoken.tts ?? lastOf(stages, 'tts');
  const segments = segmentsOf(marked);
  const latencies = latenciesOf(marked);
  const usage = usageOf(stages);
  const said = speechColumns(speech);
  const gap = speech?.longestGap ?? null;
  // Each column by its name: an object so large that is put together from others costs several times as much.
  return {
    tenant,
    call_id: callId,
    turn_index: turn.turnIndex,
    created_at: turn.startUs,
    trace_id: turn.traceId,
    initiator: turn.initiator ?? null,
    user_text: turn.words?.userText ?? null,
    agent_text: turn.words?.agentText ?? null,
    stt_provider: transcription?.provider ?? null,
    stt_model: transcription?.model ?? null,
    llm_provider: request?.provider ?? null,
    llm_model: request?.model ?? null,
    tts_provider: synthesis?.provider ?? null,
    tts_model: synthesis?.model ?? null,
    eou_source: marked.eouSource ?? null,
    eou_probability: fact?.detection?.probability ?? null,
    eou_threshold: fact?.detection?.threshold ?? null,
    endpointing_delay: fact?.detection?.delaySeconds ?? null,
    playback_source: marked.playbackSource ?? null,
    ttfb_stt: latencies.ttfb_stt,
    ttfb_llm: latencies.ttfb_llm,
    ttfb_tts: latencies.ttfb_tts,
    latency_stt: latencies.latency_stt,
    latency_llm: latencies.latency_llm,
    latency_tts: latencies.latency_tts,
    eou_latency: latencies.eou_latency,
    segment_endpointing: toSecondsOrNull(segments.endpointing),
    segment_preparation: toSecondsOrNull(segments.preparation),
    segment_tools: toSecondsOrNull(segments.tools),
    segment_llm: toSecondsOrNull(segments.llm),
    segment_aggregation: toSecondsOrNull(segments.aggregation),
    segment_tts: toSecondsOrNull(segments.tts),
    segment_playout: toSecondsOrNull(segments.playout),
    llm_input_tokens: usage.llm_input_tokens,
    llm_cached_tokens: usage.llm_cached_tokens,
    llm_output_tokens: usage.llm_output_tokens,
    stt_audio_seconds: usage.stt_audio_seconds,
    tts_characters: usage.tts_characters,
    tts_audio_seconds: usage.tts_audio_seconds,
    usage_estimated: usageEstimated(stages),
    interrupted: turn.interrupted ?? null,
    cut_off_by: turn.cutOffBy ?? null,
    user_speech_seconds: said.user_speech_seconds,
    agent_speech_seconds: said.agent_speech_seconds,
    overlap_seconds: said.overlap_seconds,
    longest_gap: toSecondsOrNull(gap && lengthOf(gap)),
    longest_gap_part: gap && gapPart(gap, stages),
    interruption_kind: turnInterruptionKind(interruptions) ?? null,
    sentiment_score: turn.words?.sentimentScore ?? null,
    cost_stt: cost.cost_stt,
    cost_llm: cost.cost_llm,
    cost_tts: cost.cost_tts,
    cost_total: cost.cost_total,
    error_type: fact?.errorType ?? stages.find(({ errorType }) => errorType !== undefined)?.errorType ?? null,
    sources: null,
  };
}

/** How long who spoke, for a turn and for a call. */
export const speechColumns = (speech: Speech | undefined) => ({
  user_speech_seconds: toSecondsOrNull(speech?.userUs ?? null),
  agent_speech_seconds: toSecondsOrNull(speech?.agentUs ?? null),
  overlap_seconds: toSecondsOrNull(speech?.overlapUs ?? null),
});

const lastOf = (stages: readonly StageFact[], kind: StageKind): StageFact | undefined =>
  stagesOf(stages, kind).at(-1);

/** Who spoke over whom in a turn. Without `interrupted` nothing shows it. */
function interruptionsIn({ fact, interrupted }: GroupedTurn): TurnInterruptions {
  if (interrupted === undefined) return {};
  return { interrupted, ...(fact?.interruptions && { interruptions: fact.interruptions }) };
}

interface TurnInterruptions {
  interrupted?: boolean;
  interruptions?: Interruption[];
}
