import type { Interruption, Micros, StageFact, TurnFact, Utterance } from '../../model/facts.ts';
import type { Interval } from '../calls/coverage.ts';
import type { GroupedCall, GroupedTurn } from '../calls/grouped.ts';
import type { Commit } from './delay.ts';

/** The user fell silent, and spoke on or not. */
export interface UserSilence {
  /** How long it lasted, as far as it was watched. */
  readonly length: Micros;
  /** The user spoke on; false: the agent was heard, or the call was over, and what the user would have done is not known. */
  readonly spokenOn: boolean;
  /** The turn was committed in it. Absent: the user spoke on before. */
  readonly commit?: Commit;
}

/** The silences of a call's user. */
export interface UserSilences {
  readonly silences: readonly UserSilence[];
  /** How often the user spoke on when the agent had begun to answer: cut off, or a barge-in. */
  readonly overAnswer: number;
}

/** Who speaks again later than that does not go on with what was said before. */
export const LONGEST_PAUSE_US = 2_000_000;

/** Every silence of the user's that the journal shows, between the first words of a turn and the agent's. */
export function userSilences(call: GroupedCall): UserSilences {
  const silences: UserSilence[] = [];
  let overAnswer = 0;
  for (const [index, turn] of call.turns.entries()) {
    const { fact } = turn;
    if (fact === undefined || turn.initiator !== 'user') continue;
    for (const length of pausesOf(turn, fact, call.voice)) silences.push({ length, spokenOn: true });
    const utterances = utterancesOf(fact);
    for (const [position, utterance] of utterances.entries()) {
      const { endedUs, committedUs } = utterance;
      const againUs =
        utterances[position + 1]?.startedUs ??
        spokenAgainAt(endedUs, fact.interruptions, call.turns[index + 1]);
      const heardUs = heardAfter(turn, endedUs);
      const watchedUs = Math.min(heardUs, call.endUs);
      const spokenOn = againUs <= watchedUs;
      if (!spokenOn && againUs - endedUs <= LONGEST_PAUSE_US) overAnswer += 1;
      const length = Math.min(againUs, watchedUs) - endedUs;
      if (committedUs < endedUs || length < committedUs - endedUs) continue;
      silences.push({ length, spokenOn, commit: commitOf(utterance, turn.stages) });
    }
  }
  return { silences, overAnswer };
}

/** What was said in a turn, each accepted as finished; none where the end of speech is not known. */
function utterancesOf(fact: TurnFact): readonly Utterance[] {
  const { utterances, speechStartedUs, speechEndedUs: endedUs, committedUs, eouSource } = fact;
  if (utterances !== undefined) return utterances;
  if (endedUs === undefined || committedUs === undefined || eouSource === 'turn_start') return [];
  return [{ ...(speechStartedUs !== undefined && { startedUs: speechStartedUs }), endedUs, committedUs }];
}

/**
 * The pauses after which the user spoke on before anything was committed: as the turn says, else as its words were timed, else as
 * the voice shows.
 */
function pausesOf(
  { stages }: GroupedTurn,
  fact: TurnFact,
  voice: readonly Interval[] | undefined,
): readonly Micros[] {
  const { pauses, utterances, speechEndedUs } = fact;
  if (pauses !== undefined) return pauses;
  const timed = stages.filter((stage) => stage.stage === 'stt' && stage.pauses !== undefined);
  if (timed.length > 0) return timed.flatMap((stage) => stage.pauses ?? []);
  const speechStartedUs = utterances?.[0]?.startedUs ?? fact.speechStartedUs;
  if (voice === undefined || speechStartedUs === undefined || speechEndedUs === undefined) return [];
  const heard = voice.filter(({ startUs, endUs }) => endUs > speechStartedUs && startUs < speechEndedUs);
  const commits = utterancesOf(fact).map(({ committedUs }) => committedUs);
  return heard.flatMap(({ endUs }, index) => {
    const nextUs = heard[index + 1]?.startUs ?? endUs;
    const isCommitted = commits.some((us) => us >= endUs && us <= nextUs);
    return isCommitted || nextUs <= endUs ? [] : [nextUs - endUs];
  });
}

/** When the user spoke over the answer, or began the next turn. */
function spokenAgainAt(
  endedUs: Micros,
  interruptions: readonly Interruption[] = [],
  next: GroupedTurn | undefined,
): Micros {
  const over = interruptions.find(
    ({ kind, atUs }) => (kind === 'barge_in' || kind === 'agent_over_user') && atUs > endedUs,
  );
  const nextUs = next?.initiator === 'user' ? next.fact?.speechStartedUs : undefined;
  return Math.min(over?.atUs ?? Number.POSITIVE_INFINITY, nextUs ?? Number.POSITIVE_INFINITY);
}

const heardAfter = ({ stages }: GroupedTurn, us: Micros): Micros =>
  stages.reduce(
    (first, { stage, startUs }) => (stage === 'playback' && startUs >= us ? Math.min(first, startUs) : first),
    Number.POSITIVE_INFINITY,
  );

function commitOf({ endedUs, committedUs }: Utterance, stages: readonly StageFact[]): Commit {
  const transcript = stages.findLast(
    ({ stage, startUs, endUs, endUnknown }) =>
      stage === 'stt' && startUs < endedUs && endUs >= endedUs && endUs <= committedUs && endUnknown !== true,
  );
  return {
    committed: committedUs - endedUs,
    ...(transcript && { transcribed: transcript.endUs - endedUs }),
  };
}
