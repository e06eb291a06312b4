import type { Micros } from '../../../model/facts.ts';
import { nowUs } from '../clock.ts';
import type { Stage, StageFacts, StageResult } from '../stage.ts';
import type { Turn } from '../turn.ts';

/** Lets the next sentence, or the next reply, start before the turn counts as over. */
export const QUIET_MS = 150;
/** How long a turn waits for what is on its way: the request that follows a tool call, a stream that gives nothing. */
const MAX_WAIT_MS = 30_000;
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
  answersWords(kind: 'llm' | 'tts' | 'tool', facts: StageFacts, inTurn: boolean): boolean;
  /** Whether a request that starts now has nothing to do with the turn whose reply has been heard. */
  beginsAnew(kind: 'llm' | 'tts' | 'tool', facts: StageFacts): boolean;
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
  /** The start of the latest request that gave something. */
  #givenUs: Micros = 0;

  /** Unless the model waits for a tool: then the request brings what the tool came to. */
  answersWords(kind: 'llm' | 'tts' | 'tool', facts: StageFacts, inTurn: boolean): boolean {
    if (kind !== 'llm') return !inTurn;
    return !this.#awaitsToolAnswer || bringsToolAnswer(facts) === false;
  }

  /** The model waits for a tool, and the application has said words of its own in place of the answer. */
  beginsAnew(kind: 'llm' | 'tts' | 'tool', facts: StageFacts): boolean {
    return kind === 'llm' && this.#awaitsToolAnswer && bringsToolAnswer(facts) === false;
  }

  requestStarted(kind: 'llm' | 'tts' | 'tool'): void {
    if (kind === 'llm') this.#awaitsToolAnswer = false;
  }

  stageChanged(stage: Stage, result: StageResult | undefined): void {
    if (stage.kind !== 'llm') return;
    if (stage.firstByteUs !== undefined) this.#givenUs = Math.max(this.#givenUs, stage.startUs);
    if (result?.finishReasons?.some((reason) => TOOL_CALL_REASONS.has(reason))) this.#awaitsToolAnswer = true;
  }

  waitsMs(turn: Turn, stoppedUs: Micros | undefined): number | undefined {
    let waitMs = stoppedUs === undefined ? QUIET_MS : STOPPED_WAIT_MS;
    if (this.#awaitsToolAnswer) waitMs = MAX_WAIT_MS;
    for (const stage of turn.openStages) waitMs = Math.max(waitMs, this.#holdsMs(stage));
    return waitMs;
  }

  turnClosed(): void {
    this.#awaitsToolAnswer = false;
  }

  /** For how long an open stage keeps its turn open. One that was opened before the answer and gave nothing: not at all. */
  #holdsMs({ kind, startUs, firstByteUs }: Stage): number {
    if (kind === 'playback' || (kind === 'llm' && firstByteUs === undefined && startUs < this.#givenUs))
      return 0;
    return ((firstByteUs ?? startUs) - nowUs()) / 1_000 + MAX_WAIT_MS;
  }
}

/** Whether a prompt ends with what a tool came to; undefined when it is not known. */
function bringsToolAnswer({ inputMessages }: StageFacts): boolean | undefined {
  const prompt: unknown = JSON.parse(inputMessages?.() ?? 'null');
  const last: unknown = Array.isArray(prompt) ? prompt.at(-1) : undefined;
  if (typeof last !== 'object' || last === null) return undefined;
  const { parts } = last as { parts?: unknown };
  return Array.isArray(parts) && parts.some((part) => part?.type === 'tool_call_response');
}
