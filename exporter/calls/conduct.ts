import type { Micros, StageFact } from '../../model/facts.ts';
import type { CutOffBy } from '../../model/vocabulary.ts';
import type { GroupedTurn } from './grouped.ts';
import { audioEvidence, wasHeard } from './heard.ts';
import { stagesOf } from './spoken.ts';

/** What the judgment of one turn takes from its call. */
interface CallFrame {
  /** Something shows when the user speaks. */
  knowsSpeech: boolean;
  /** Absent while the call goes on, or when nothing says that it is over. */
  endedUs?: Micros | undefined;
  endReason?: string | undefined;
}

/** A framework takes its leave for some seconds after the caller's. */
const LEAVE_US = 3_000_000;
/** Audio that was still to come when a playback ended, to say that it was cut off. */
const UNPLAYED_US = 500_000;
/** Ways to end a call that are the program's own. */
const BY_PROGRAM: ReadonlySet<string> = new Set([
  'user_initiated',
  'job_shutdown',
  'task_completed',
  'error',
]);

/** Adds to the turns of a call, in order, who did what in them. */
export function withConduct(
  turns: readonly GroupedTurn[],
  stages: readonly StageFact[],
  call: CallFrame,
): GroupedTurn[] {
  const evidence = audioEvidence(stages);
  const { knowsSpeech } = call;
  const lastStartUs = turns.reduce((last, { startUs }) => Math.max(last, startUs), Number.NEGATIVE_INFINITY);
  return turns.map((turn) => {
    const isLast = turn.startUs >= lastStartUs;
    const heard = turn.fact?.unheard === true ? false : wasHeard(turn.fact, turn.stages, evidence);
    const initiator = knowsSpeech ? initiatorOf(turn) : undefined;
    const interrupted = knowsSpeech ? isInterrupted(turn, heard, endsCall(turn, isLast, call)) : undefined;
    const cutOffBy = interrupted === true ? 'user' : cutOffOf(turn, isLast, call);
    // Set, and not spread: every turn of every call comes through here.
    const judged = { ...turn };
    if (heard !== undefined) judged.heard = heard;
    if (initiator !== undefined) judged.initiator = initiator;
    if (interrupted !== undefined) judged.interrupted = interrupted;
    if (cutOffBy !== undefined) judged.cutOffBy = cutOffBy;
    return judged;
  });
}

/** As the turn says; else the user, where words were transcribed before the agent spoke, and the agent where none were. */
function initiatorOf({ fact, stages }: GroupedTurn): 'user' | 'agent' | undefined {
  if (fact?.initiatorByStages !== true) return fact?.initiator;
  const spoke = stages.find(({ stage }) => stage === 'tts' || stage === 'playback');
  const heard = stages.find(({ stage }) => stage === 'stt');
  if (heard === undefined) return 'agent';
  return spoke !== undefined && spoke.startUs < heard.startUs ? 'agent' : 'user';
}

/** As the turn says, if there was anything to interrupt. Of a turn whose span was lost, its playback and the next turn show it. */
function isInterrupted(
  { fact, stages }: GroupedTurn,
  heard: boolean | undefined,
  isEnd: boolean,
): boolean | undefined {
  if (fact === undefined) {
    const playbacks = stagesOf(stages, 'playback');
    if (!playbacks.some(({ cancelled }) => cancelled === true))
      return playbacks.length > 0 ? false : undefined;
    return isEnd ? undefined : true;
  }
  if ((fact.interruptions ?? []).some(({ kind }) => kind === 'barge_in')) return true;
  return fact.interrupted === true && heard !== false;
}

/** The call was over as soon as the agent was silent. */
function endsCall({ fact, stages }: GroupedTurn, isLast: boolean, { endedUs }: CallFrame): boolean {
  const playbacks = stagesOf(stages, 'playback');
  const silentUs = playbacks.reduce((last, { endUs }) => Math.max(last, endUs), Number.NEGATIVE_INFINITY);
  const cutUs = playbacks.length > 0 ? silentUs : fact?.endUs;
  return isLast && endedUs !== undefined && cutUs !== undefined && endedUs - cutUs <= LEAVE_US;
}

/** Who but the user cut the answer off: the caller by hanging up, where the call ended with it; else the program. */
function cutOffOf(turn: GroupedTurn, isLast: boolean, call: CallFrame): CutOffBy | undefined {
  const { fact, stages } = turn;
  const playbacks = stagesOf(stages, 'playback');
  if (fact?.cutOffBy === 'hangup') return 'hangup';
  const isOver = endsCall(turn, isLast, call);
  const wasCut =
    fact?.cutOffBy === 'program' ||
    playbacks.some(({ cancelled }) => cancelled === true) ||
    (isOver && (stagesOf(stages, 'tts').some(({ cancelled }) => cancelled === true) || isUnplayed(stages)));
  if (!wasCut) return undefined;
  if (!isOver) return fact?.cutOffBy;
  return BY_PROGRAM.has(call.endReason ?? '') ? 'program' : 'hangup';
}

/** More audio was synthesised than was played. */
function isUnplayed(stages: readonly StageFact[]): boolean {
  const playedUs = stagesOf(stages, 'playback').reduce((sum, { startUs, endUs }) => sum + endUs - startUs, 0);
  const madeUs = stagesOf(stages, 'tts').reduce(
    (sum, { usage }) => sum + (usage?.audioSeconds ?? 0) * 1e6,
    0,
  );
  return playedUs > 0 && madeUs > playedUs + UNPLAYED_US;
}
