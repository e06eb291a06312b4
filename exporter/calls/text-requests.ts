import type { StageFact, Usage } from '../../model/facts.ts';
import type { GroupedCall } from './grouped.ts';

/**
 * A request's usage, with the audio tokens that it cannot have had as 0. Instrumentations count audio where there was
 * some, and say nothing where there was none: a request between a transcription and a synthesis of their own is text, and
 * so is one of a call of which nothing but requests was seen. A request that may have been audio is left unknown.
 */
export function textUsage(call: GroupedCall): (stage: StageFact) => Usage | undefined {
  const { stages, turns } = call;
  const has = (kind: StageFact['stage']): boolean => stages.some(({ stage }) => stage === kind);
  const spoke = turns.some(
    ({ fact }) =>
      (fact?.speechEndedUs ?? fact?.speechStartedUs ?? fact?.reportedEouLatencySeconds) !== undefined,
  );
  const isWritten = !has('stt') && !has('tts') && !has('playback') && !spoke;
  const heardForIt = isWritten || has('stt');
  const spokenForIt = isWritten || has('tts');
  return ({ stage, usage, realtime }) => {
    if (stage !== 'llm' || usage === undefined || realtime === true) return usage;
    const known = { ...usage };
    if (heardForIt) known.inputAudioTokens ??= 0;
    if (spokenForIt) known.outputAudioTokens ??= 0;
    return known;
  };
}
