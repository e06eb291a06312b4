import type { Heard } from './heard.ts';
import { firstFrom } from './spans.ts';
import type { Stretch } from './voice-activity.ts';

/** The agent begins to be heard after the user has spoken. Seconds from the first sample. */
export interface Takeover {
  /** The first sound of the agent. */
  readonly agentAt: number;
  /** The user's last words before it, or those that it falls into. */
  readonly user: Stretch;
  /** The user had not finished. */
  readonly isOver: boolean;
}

/** The end of a word and the beginning of an answer may touch. */
const TOUCH = 0.02;

/** Every time that the word passes from the user to the agent, in order. Each stretch is looked at once. */
export function takeovers({ caller, agent }: Heard): Takeover[] {
  let spokenUntil = Number.NEGATIVE_INFINITY;
  return agent.stretches.flatMap(({ start: agentAt }): Takeover[] => {
    const user = caller.stretches[firstFrom(caller.stretches, ({ start }) => start, agentAt) - 1];
    // Said before the agent was last heard to begin, and answered then.
    if (user === undefined || user.end <= spokenUntil) return [];
    spokenUntil = agentAt;
    return [{ agentAt, user, isOver: user.end > agentAt + TOUCH }];
  });
}
