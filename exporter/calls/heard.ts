import type { Fact, StageFact, TurnFact } from '../../model/facts.ts';
import { answersOf, stagesOf } from './spoken.ts';

/** What of a call shows whether the agent was heard. */
export interface AudioEvidence {
  /** Playback is seen: a turn without any was not heard. */
  readonly playback: boolean;
  /** Synthesis is seen: a turn without any said nothing. */
  readonly synthesis: boolean;
}

/** What the stages of a call show. */
export const audioEvidence = (stages: readonly StageFact[]): AudioEvidence => ({
  playback: stages.some(({ stage }) => stage === 'playback'),
  synthesis: stages.some(({ stage }) => stage === 'tts'),
});

/**
 * Whether the caller heard the agent in a turn; undefined: nothing shows it. A framework that measured how long the
 * caller waited has heard the answer; else playback shows it, where the call has any; else audio that was synthesised,
 * unless all of it was cut off before there was any; else the model, of which nothing can be heard that gave nothing.
 */
export function wasHeard(
  fact: TurnFact | undefined,
  stages: readonly StageFact[],
  evidence: AudioEvidence,
): boolean | undefined {
  const isMeasured = fact?.eouSource === 'framework' && fact.reportedEouLatencySeconds !== undefined;
  if (isMeasured || fact?.reportedLatencies !== undefined) return true;
  if (stages.some(({ stage }) => stage === 'playback')) return true;
  // The turn's own span comes when all is over. Before, a playback may still be going on.
  if (fact === undefined) return undefined;
  if (evidence.playback) return false;
  const syntheses = stagesOf(stages, 'tts');
  if (syntheses.length > 0) return syntheses.some(gaveSomething);
  const requests = stagesOf(stages, 'llm');
  if (requests.length > 0 && !requests.some(gaveSomething)) return false;
  // A turn that was cut off before its synthesis was cut off in the model's words.
  const gaveWords = answersOf(stages, 'llm').length > 0 && fact.interrupted !== true;
  return evidence.synthesis && !gaveWords && !requests.some(isSpoken) ? false : undefined;
}

/** It was not cut off, did not fail, or had begun to answer. */
const gaveSomething = ({
  firstByteUs,
  usage,
  cancelled,
  endUnknown,
  errorType,
  stage,
}: StageFact): boolean => {
  if (firstByteUs !== undefined) return true;
  if (cancelled === true || errorType !== undefined) return false;
  return stage === 'tts' || usage !== undefined || endUnknown !== true;
};

/** By a model that speaks itself. */
const isSpoken = ({ realtime, usage }: StageFact): boolean =>
  realtime === true || (usage?.outputAudioTokens ?? 0) > 0;

/**
 * Whether anything of a call shows when the user speaks. Where nothing does, it is unknown who opened a turn and who
 * interrupted whom, however the program that wrote the turns was fed.
 */
export const speechIsKnown = (facts: readonly Fact[]): boolean => facts.some(showsSpeech);

function showsSpeech(fact: Fact): boolean {
  switch (fact.type) {
    case 'turn_part':
      return fact.part === 'user' || fact.part === 'speech' || fact.interrupted !== undefined;
    case 'stage':
      return fact.stage === 'stt';
    case 'turn':
      return (
        fact.initiator === 'user' ||
        fact.speechStartedUs !== undefined ||
        fact.speechEndedUs !== undefined ||
        fact.reportedEouLatencySeconds !== undefined ||
        fact.reportedLatencies !== undefined ||
        fact.startsBeforeSpeech === true ||
        (fact.interruptions?.length ?? 0) > 0
      );
    default:
      return false;
  }
}
