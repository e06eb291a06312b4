import type { StageFact, Usage } from '../../model/facts.ts';
import type { StageKind } from '../../model/vocabulary.ts';

/** Usage columns, the same for a turn and for a call. */
export interface UsageColumns {
  llm_input_tokens: number | null;
  llm_cached_tokens: number | null;
  llm_output_tokens: number | null;
  stt_audio_seconds: number | null;
  tts_characters: number | null;
  tts_audio_seconds: number | null;
}

/** Sums over all stages, cancelled ones too: they were used. Null where no stage has the number. */
export function usageOf(stages: readonly StageFact[]): UsageColumns {
  return {
    llm_input_tokens: total(stages, 'llm', ({ inputTokens }) => inputTokens),
    llm_cached_tokens: total(stages, 'llm', ({ cachedInputTokens }) => cachedInputTokens),
    llm_output_tokens: total(stages, 'llm', ({ outputTokens }) => outputTokens),
    stt_audio_seconds: total(stages, 'stt', ({ audioSeconds }) => audioSeconds),
    tts_characters: total(stages, 'tts', ({ characters }) => characters),
    tts_audio_seconds: total(stages, 'tts', ({ audioSeconds }) => audioSeconds),
  };
}

/** True when some usage is an estimate, false when all was reported, null without usage. */
export function usageEstimated(stages: readonly StageFact[]): boolean | null {
  const used = stages.filter(({ usage }) => usage !== undefined);
  return used.length === 0 ? null : used.some(({ usage }) => usage?.estimated === true);
}

function total(
  stages: readonly StageFact[],
  kind: StageKind,
  read: (usage: Usage) => number | undefined,
): number | null {
  let sum: number | null = null;
  for (const { stage, usage } of stages) {
    const value = stage === kind && usage !== undefined ? read(usage) : undefined;
    // A bad number is an unknown one; it must not spoil the others.
    if (value !== undefined && Number.isFinite(value) && value >= 0) sum = (sum ?? 0) + value;
  }
  // Seconds of audio are kept to the microsecond, so that 0.1 + 0.2 is 0.3. Counts are whole anyway.
  return sum === null ? null : Math.round(sum * 1e6) / 1e6;
}
