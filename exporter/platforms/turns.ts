import type { Utterance } from './report.ts';

/** One exchange: what the user said, and what the agent answered. The agent may have opened it. */
export interface PlatformTurn {
  readonly user: readonly Utterance[];
  readonly agent: readonly Utterance[];
  /** The user spoke into it, at the instant that the next utterance begins. */
  readonly cutUs?: number | undefined;
}

/** Who speaks so shortly into the other's words does not cut them off: the instants are rounded. */
const OVERLAP_US = 200_000;

/** Turns of what was said: another one begins where the user speaks after the agent. */
export function turnsOf(utterances: readonly Utterance[]): PlatformTurn[] {
  const turns: { user: Utterance[]; agent: Utterance[]; cutUs?: number }[] = [];
  for (const utterance of utterances.toSorted((a, b) => a.startUs - b.startUs)) {
    const turn = turns.at(-1);
    if (utterance.by === 'agent' && turn !== undefined) turn.agent.push(utterance);
    else if (utterance.by === 'user' && turn?.agent.length === 0) turn.user.push(utterance);
    else {
      if (turn !== undefined && speaksInto(turn.agent, utterance)) turn.cutUs = utterance.startUs;
      turns.push(
        utterance.by === 'user' ? { user: [utterance], agent: [] } : { user: [], agent: [utterance] },
      );
    }
  }
  return turns;
}

const speaksInto = (agent: readonly Utterance[], { startUs }: Utterance): boolean => {
  const last = agent.at(-1);
  return last?.interrupted === true || (last?.endUs !== undefined && last.endUs - startUs > OVERLAP_US);
};
