import type { Micros } from '../../../model/facts.ts';
import type { Stage, StageResult } from '../stage.ts';
import type { Turn } from '../turn.ts';

/** Lets the next sentence, or the next reply, start before the turn counts as over. */
export const QUIET_MS = 150;
/** How long a turn waits for the request that follows a tool call. */
const TOOL_WAIT_MS = 30_000;
/** How long a stopped reply waits for the words that stopped it, or to be resumed. */
const STOPPED_WAIT_MS = 1_500;
const TOOL_CALL_REASONS = new Set(['tool_calls', 'tool_use', 'function_call']);

/** Says when a reply of the agent is over, and what it answers. */
export interface ReplyRules {
  /** A framework says when each reply is heard, and which utterance it answers: nothing is concluded from silence. */
  readonly told: boolean;
  /**
   * Whether a request that starts now answers what the user has said over the agent.
   *
   * @param inTurn A turn is going on.
   */
  answersWords(kind: 'llm' | 'tts' | 'tool', inTurn: boolean): boolean;
  requestStarted(kind: 'llm' | 'tts' | 'tool'): void;
  /** A stage of the turn gave its first byte, or ended with `result`. */
  stageChanged(stage: Stage, result: StageResult | undefined): void;
  /**
   * How long the turn still waits, in milliseconds, once nothing of it is heard; undefined: its reply is not over.
   *
   * @param stoppedUs When the agent was stopped in mid-reply.
   */
  waitsMs(turn: Turn, stoppedUs: Micros | undefined): number | undefined;
  turnClosed(): void;
}

/** Where only requests and audio are seen: a reply is over when nothing is on its way and it stays so for a moment. */
export class SilenceRules implements ReplyRules {
  readonly told = false;
  #awaitsToolAnswer = false;

  /** Unless the model waits for a tool: then the request brings what the tool came to. */
  answersWords(kind: 'llm' | 'tts' | 'tool', inTurn: boolean): boolean {
    return kind === 'llm' ? !this.#awaitsToolAnswer : !inTurn;
  }

  requestStarted(kind: 'llm' | 'tts' | 'tool'): void {
    if (kind === 'llm') this.#awaitsToolAnswer = false;
  }

  stageChanged(stage: Stage, result: StageResult | undefined): void {
    if (stage.kind === 'llm' && result?.finishReasons?.some((reason) => TOOL_CALL_REASONS.has(reason)))
      this.#awaitsToolAnswer = true;
  }

  waitsMs(turn: Turn, stoppedUs: Micros | undefined): number | undefined {
    for (const stage of turn.openStages) if (stage.kind !== 'playback') return undefined;
    if (this.#awaitsToolAnswer) return TOOL_WAIT_MS;
    return stoppedUs === undefined ? QUIET_MS : STOPPED_WAIT_MS;
  }

  turnClosed(): void {
    this.#awaitsToolAnswer = false;
  }
}
