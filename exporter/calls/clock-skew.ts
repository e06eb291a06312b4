import type { StageFact } from '../../model/facts.ts';
import { misfit, speechSize } from './fit.ts';
import type { GroupedTurn } from './grouped.ts';
import { answersOf, type Spoken, stagesOf } from './spoken.ts';

/** Clocks of one host, and rounding, differ by so much. */
const TOLERANCE_US = 50_000;
/** Tokens that are so near to what was said were said. */
const SAID = Math.log(2);

/**
 * Whether a turn's stages were timed by clocks that disagree with the turn's own. Nothing is done in a turn before it
 * begins; it does not end before its synthesis; and nothing is said before it was written.
 *
 * Turns that a framework writes come from one process, and so does a turn that was joined from its sides.
 */
export function isSkewed({ fact, joined, stages }: GroupedTurn): boolean {
  if (fact === undefined || joined === true || fact.startsBeforeSpeech === true) return false;
  const isOutside = ({ stage, endUs }: StageFact) => stage !== 'tool' && endUs < fact.startUs - TOLERANCE_US;
  if (stages.some(isOutside)) return true;
  const outlives = ({ cancelled, errorType, endUs }: StageFact) =>
    cancelled !== true && errorType === undefined && endUs > fact.endUs + TOLERANCE_US;
  if (!stages.some(({ stage }) => stage === 'playback') && stagesOf(stages, 'tts').some(outlives))
    return true;
  // A program that has compared the words knows that they were its own.
  return fact.spokenRequest === undefined && isSaidBeforeWritten(stages);
}

/** The only answer of a turn came after what was said could be heard, which is as long as it. */
function isSaidBeforeWritten(stages: readonly StageFact[]): boolean {
  const [llm, ...others] = stagesOf(stages, 'llm');
  const syntheses = answersOf(stages, 'tts');
  const size = speechSize(stages);
  if (llm?.firstByteUs === undefined || others.length > 0 || syntheses.length === 0 || size === undefined)
    return false;
  const writtenUs = llm.firstByteUs;
  if (syntheses.some(({ firstByteUs }) => firstByteUs + TOLERANCE_US >= writtenUs)) return false;
  return llm.usage?.outputTokens !== undefined && misfit(llm, size) <= SAID;
}

/** What was spoken, where times cannot tell: the answer that was written last, and the first that was said. */
export function spokenAcrossClocks(stages: readonly StageFact[]): Spoken {
  const answers = answersOf(stages, 'llm');
  const llm = answers.findLast(({ cancelled }) => cancelled !== true) ?? answers.at(-1);
  const syntheses = answersOf(stages, 'tts');
  const tts = syntheses.find(({ cancelled }) => cancelled !== true) ?? syntheses[0];
  return { ...(llm && { llm }), ...(tts && { tts }) };
}
