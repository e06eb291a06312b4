import type { Micros, StageFact } from '../../model/facts.ts';
import { Coverage, type Interval, lengthOf } from './coverage.ts';
import type { GroupedCall, GroupedTurn } from './grouped.ts';
import { stagesOf } from './spoken.ts';

/** Silence that is longer is dead air: no one waits so long without wondering whether the other is still there. */
const DEAD_AIR_US = 3_000_000;

/** How long who spoke, in whole microseconds; null is unknown. */
export interface Speech {
  userUs: Micros | null;
  agentUs: Micros | null;
  overlapUs: Micros | null;
}

/** The same of a turn. */
export interface TurnSpeech extends Speech {
  /** The longest silence between two stretches of the answer; null where it was said in one, or it is not known. */
  longestGap: Interval | null;
}

/** The same of a call, with its silences. */
export interface CallSpeech extends Speech {
  longestSilenceUs: Micros | null;
  deadAirUs: Micros | null;
  turns: readonly TurnSpeech[];
}

/**
 * Who spoke when in a call, and when no one did. The user speaks where the framework heard a voice, else from the start of
 * speech to the end of the utterance; the agent speaks while it is played. What is not known of one turn is not known of
 * the call.
 *
 * @param skewed - Some turn's times come from clocks that disagree: what compares user and agent is unknown.
 */
export function speechOf(call: GroupedCall, skewed: boolean): CallSpeech {
  const { turns, voice, stages } = call;
  const played = stages.filter(isPlayback);
  const users = turns.map((turn) => (call.knowsSpeech ? userSpeech(turn, voice !== undefined) : undefined));
  const agents = turns.map((turn) => (played.length > 0 ? agentSpeech(turn) : undefined));
  const user = voice ? new Coverage(voice) : covered(call.knowsSpeech ? users : [undefined]);
  const agent =
    played.length > 0 && agents.every((each) => each !== undefined) && played.every(isWhole)
      ? new Coverage(played)
      : undefined;
  const both = skewed || user === undefined || agent === undefined ? undefined : user.with(agent);
  const silences = both?.gaps(call);
  return {
    userUs: user?.lengthUs ?? null,
    agentUs: agent?.lengthUs ?? null,
    overlapUs: both && user && agent ? user.lengthUs + agent.lengthUs - both.lengthUs : null,
    longestSilenceUs: silences ? silences.reduce((longest, each) => Math.max(longest, each), 0) : null,
    deadAirUs: silences ? silences.reduce((sum, each) => sum + (each > DEAD_AIR_US ? each : 0), 0) : null,
    turns: turns.map((_, index) => {
      const [own, spoken] = [users[index], agents[index]];
      const heard = spoken && new Coverage(spoken);
      return {
        userUs: own === undefined ? null : voice && user ? lengthIn(user, own) : new Coverage(own).lengthUs,
        agentUs: heard?.lengthUs ?? null,
        overlapUs: both && user && heard ? lengthIn(user, heard.stretches) : null,
        longestGap: both && user && heard ? longestGap(heard, user) : null,
      };
    }),
  };
}

const isPlayback = ({ stage }: StageFact): boolean => stage === 'playback';

const isWhole = ({ endUnknown }: StageFact): boolean => endUnknown !== true;

const lengthIn = (coverage: Coverage, stretches: readonly Interval[]): Micros =>
  stretches.reduce((sum, stretch) => sum + coverage.within(stretch), 0);

/** Where the user spoke in between, no one waited for the agent to go on. */
function longestGap({ stretches }: Coverage, user: Coverage): Interval | null {
  let longest: Interval | null = null;
  for (const [index, { endUs: startUs }] of stretches.entries()) {
    const endUs = stretches[index + 1]?.startUs;
    if (endUs === undefined || user.within({ startUs, endUs }) > 0) continue;
    if (longest === null || endUs - startUs > lengthOf(longest)) longest = { startUs, endUs };
  }
  return longest;
}

const covered = (parts: readonly (readonly Interval[] | undefined)[]): Coverage | undefined =>
  parts.every((part) => part !== undefined) ? new Coverage(parts.flat()) : undefined;

/** When the user spoke in a turn; undefined: not known. Each utterance that was accepted as finished is one stretch. */
function userSpeech({ fact, initiator }: GroupedTurn, hasVoice: boolean): Interval[] | undefined {
  if (fact === undefined || initiator === undefined) return undefined;
  if (initiator === 'agent') return [];
  const { utterances = [], speechStartedUs, speechEndedUs, committedUs } = fact;
  if (utterances.length > 0) {
    const known = utterances.flatMap(({ startedUs, endedUs }) => spoken(startedUs, endedUs) ?? []);
    return known.length === utterances.length ? known : undefined;
  }
  // Where the voice itself is shown, what of it is the turn's: all up to the commit.
  const endedUs = hasVoice ? (committedUs ?? speechEndedUs) : speechEndedUs;
  const whole = spoken(speechStartedUs, endedUs);
  return whole && [whole];
}

const spoken = (startUs: Micros | undefined, endUs: Micros | undefined): Interval | undefined =>
  startUs === undefined || endUs === undefined || endUs < startUs ? undefined : { startUs, endUs };

/** When the agent was heard in a turn of a call that shows its playback; undefined: not known. */
function agentSpeech({ stages, heard }: GroupedTurn): StageFact[] | undefined {
  const played = stagesOf(stages, 'playback');
  if (played.length === 0) return heard === false ? [] : undefined;
  return played.every(isWhole) ? played : undefined;
}
