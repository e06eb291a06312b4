import type { Micros, StageFact, TurnFact, Utterance } from '../../model/facts.ts';
import type { GroupedTurn } from './grouped.ts';
import { audioEvidence } from './heard.ts';

/** Who speaks again sooner than that goes on with what was said before; later, the words are said again. */
const GOES_ON_US = 2_000_000;

/**
 * The utterance from which the caller waited for a turn's answer: of several, the first that was accepted as finished
 * and not gone on with. Undefined where the turn lists none, and where its last one was the first.
 */
export function waitedSince(
  { utterances = [] }: TurnFact,
  answeredUs: Micros = Number.POSITIVE_INFINITY,
): Utterance | undefined {
  const [first] = leftWaiting(utterances, answeredUs);
  return first;
}

/** Those utterances before the answer after which the caller had waited, and spoke again. */
const leftWaiting = (utterances: readonly Utterance[], answeredUs: Micros): Utterance[] =>
  utterances.filter(({ endedUs }, index) => {
    const next = utterances[index + 1]?.startedUs;
    return next !== undefined && next <= answeredUs && next - endedUs >= GOES_ON_US;
  });

/**
 * How many utterances of a call the agent left without an answer: all of a turn in which it was not heard, and in others
 * those that the caller had to say again. Null where nothing shows whether the agent was heard, or who spoke.
 */
export function unansweredCount(turns: readonly GroupedTurn[], stages: readonly StageFact[]): number | null {
  const { playback, synthesis } = audioEvidence(stages);
  const isShown = playback || synthesis || turns.some(({ heard }) => heard === true);
  if (!isShown || !turns.some(({ initiator }) => initiator !== undefined)) return null;
  return turns.reduce((count, { fact, heard, initiator }) => {
    const again = leftWaiting(fact?.utterances ?? [], Number.POSITIVE_INFINITY).length;
    return count + again + (initiator === 'user' && heard === false ? 1 : 0);
  }, 0);
}
