import type { Line } from './drift.ts';
import type { Heard } from './heard.ts';
import type { Reason } from './reasons.ts';
import { firstFrom, isHeardIn, nearest } from './spans.ts';
import { type Takeover, takeovers } from './takeovers.ts';
import type { ToldTurn } from './told.ts';

/** The silence of a turn, as its row says it and as it is heard. Seconds; instants are seconds from the call's start. */
export interface TurnProof {
  readonly turnIndex: number;
  /** `eou_latency` of the row. Absent: it is not known, or no one waited. */
  readonly told?: number;
  /** From the end of the user's speech to the first sound of the agent. Below 0: the user had not finished. */
  readonly heard?: number;
  /** `heard` − `told`. */
  readonly difference?: number;
  /** Why they differ, or why there is nothing to compare; absent where they agree. */
  readonly reason?: Reason;
  /** When the user fell silent and the agent began. */
  readonly userUntil?: number;
  readonly agentFrom?: number;
  readonly eouSource?: string;
  readonly playbackSource?: 'observed' | 'estimated';
}

/** What is further away is another answer. */
const MOST_AWAY = 3;
/** Two instants nearer than that are one. */
const SAME = 0.1;

/**
 * Hears out each turn: what of the recording is its end of speech and its answer, and how long the silence between is.
 *
 * @param latencies - `eou_latency` of each turn's row
 * @param agreeing - a difference up to that is none
 */
export function proveTurns(
  turns: readonly ToldTurn[],
  latencies: ReadonlyMap<number, number | null>,
  heard: Heard,
  { start, rate }: Line,
  agreeing: number,
): TurnProof[] {
  const passes = takeovers(heard);
  const toRecording = (instant: number) => (instant - start) / rate;
  return turns.map((turn): TurnProof => {
    const { turnIndex, initiator, eouSource, playbackSource } = turn;
    const told = latencies.get(turnIndex) ?? undefined;
    const base = {
      turnIndex,
      ...(told !== undefined && { told }),
      ...(eouSource && { eouSource }),
      ...(playbackSource && { playbackSource }),
    };
    if (initiator === 'agent' && told === undefined) return { ...base, reason: 'agent_opens' };
    if (turn.playbackStarted === undefined || told === undefined) return { ...base, reason: 'unknown' };
    const agentAt = toRecording(turn.playbackStarted);
    const userAt = agentAt - told / rate;
    const spokenAt =
      turn.speechStarted === undefined ? userAt : Math.min(userAt, toRecording(turn.speechStarted));
    if (spokenAt < 0 || agentAt > heard.seconds) return { ...base, reason: 'outside' };
    const found = nearestPass(passes, userAt, agentAt);
    if (found === undefined) return { ...base, reason: missing(heard, spokenAt, userAt, agentAt) };
    const silence = (found.agentAt - found.user.end) * rate;
    const difference = silence - told;
    const proof = {
      ...base,
      heard: silence,
      difference,
      userUntil: start + found.user.end * rate,
      agentFrom: start + found.agentAt * rate,
    };
    if (found.isOver) return { ...proof, reason: 'spoke_over' };
    if (Math.abs(difference) <= agreeing) return proof;
    return { ...proof, reason: reasonOf(heard, found, userAt, agentAt) };
  });
}

/** The pass of the word that is most like the one of a turn. */
function nearestPass(passes: readonly Takeover[], userAt: number, agentAt: number): Takeover | undefined {
  const after = firstFrom(passes, (each) => each.agentAt, agentAt);
  let best: Takeover | undefined;
  const away = (each: Takeover) =>
    Math.abs(each.agentAt - agentAt) + Math.min(MOST_AWAY, Math.abs(each.user.end - userAt));
  for (const each of passes.slice(Math.max(0, after - 2), after + 2)) {
    // Words that began after the answer had are of a later turn.
    if (Math.abs(each.agentAt - agentAt) > MOST_AWAY || each.user.start > agentAt + SAME) continue;
    if (best === undefined || away(each) < away(best)) best = each;
  }
  return best;
}

function missing({ caller, agent }: Heard, spokenAt: number, userAt: number, agentAt: number): Reason {
  if (!isHeardIn(agent.stretches, userAt, agentAt + MOST_AWAY)) return 'no_agent';
  return isHeardIn(caller.stretches, spokenAt - SAME, agentAt) ? 'already_heard' : 'no_user';
}

/** Whichever end of the silence is further from the journal's. */
function reasonOf(
  { caller }: Heard,
  { user, agentAt: heardAt }: Takeover,
  userAt: number,
  agentAt: number,
): Reason {
  const [ofUser, ofAgent] = [user.end - userAt, heardAt - agentAt];
  if (Math.abs(ofAgent) > Math.abs(ofUser)) return ofAgent > 0 ? 'heard_later' : 'heard_sooner';
  if (ofUser < 0) return 'ended_sooner';
  const words = nearest(caller.stretches, 'end', userAt);
  const isApart = words !== undefined && words.end < user.start && Math.abs(words.end - userAt) <= SAME;
  return isApart ? 'sound_after_words' : 'user_went_on';
}
