import type { SimulatedTurn, Stretch } from './conversation.ts';
import type { SimulatedCall } from './weeks.ts';

/** How long who really spoke in a call, in seconds. */
export interface TrueSpeech {
  readonly user: number;
  readonly agent: number;
  readonly overlap: number;
  /** The longest time in which no one spoke, and the sum of those of more than three seconds. */
  readonly longestSilence: number;
  readonly deadAir: number;
  /** Times the user said something and heard no answer to it. */
  readonly unanswered: number;
}

const DEAD_AIR_SECONDS = 3;

/**
 * Who spoke when: the user's voice, and what was played of the agent's. Pauses inside an utterance count as speech where
 * the agent does not show the voice itself.
 */
export function speechOf({ turns, seconds, agent: { showsVoice } }: SimulatedCall): TrueSpeech {
  const user = turns.flatMap(showsVoice ? ({ stretches }) => stretches : utterancesOf);
  const agent = turns.flatMap(({ stages }) => stages.filter(({ kind }) => kind === 'playback'));
  // Between two instants at which someone begins or stops, nothing changes.
  const instants = [
    0,
    seconds,
    ...[...user, ...agent].flatMap(({ startedAt, endedAt }) => [startedAt, endedAt]),
  ];
  const edges = [...new Set(instants)].sort((a, b) => a - b);
  const total = { user: 0, agent: 0, overlap: 0 };
  const silences = [0];
  for (const [index, from] of edges.entries()) {
    const to = edges[index + 1];
    if (to === undefined) break;
    const speaks = (all: readonly Stretch[]) =>
      all.some((each) => each.startedAt <= from && to <= each.endedAt);
    const [isUser, isAgent] = [speaks(user), speaks(agent)];
    if (isUser) total.user += to - from;
    if (isAgent) total.agent += to - from;
    if (isUser && isAgent) total.overlap += to - from;
    if (isUser || isAgent) silences.push(0);
    else silences.push((silences.pop() ?? 0) + to - from);
  }
  return {
    ...total,
    longestSilence: Math.max(...silences),
    unanswered: turns.filter(({ initiator, heardAt }) => initiator === 'user' && heardAt === undefined)
      .length,
    deadAir: silences.reduce((sum, each) => sum + (each > DEAD_AIR_SECONDS ? each : 0), 0),
  };
}

/** From the first to the last voice before each time that the agent took the user to be finished. */
function utterancesOf({ stretches, commits }: SimulatedTurn): Stretch[] {
  let done = 0;
  return commits.flatMap((committedAt) => {
    const own = stretches.slice(done).filter(({ endedAt }) => endedAt <= committedAt);
    done += own.length;
    const [first, last] = [own[0], own.at(-1)];
    return first && last ? [{ startedAt: first.startedAt, endedAt: last.endedAt }] : [];
  });
}
