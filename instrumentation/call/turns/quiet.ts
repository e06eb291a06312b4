import type { AgentVoice } from './agent-voice.ts';
import type { CurrentTurn } from './current-turn.ts';
import type { ReplyRules } from './reply-rules.ts';

/** Waits until the reply of the current turn is over. One timer, which keeps no process alive. */
export class Quiet {
  readonly #current: CurrentTurn;
  readonly #voice: AgentVoice;
  readonly #over: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param over Called when nothing more is coming. */
  constructor(current: CurrentTurn, voice: AgentVoice, over: () => void) {
    this.#current = current;
    this.#voice = voice;
    this.#over = over;
  }

  /** Something of the turn has changed: waits again, if there is something to wait for. */
  await(rules: ReplyRules): void {
    this.stop();
    const turn = this.#current.open;
    if (!turn?.answered || turn.manual || this.#voice.wasCutOff) return;
    const quietMs = rules.waitsMs(turn, this.#voice.stoppedUs);
    const playsMs = this.#voice.playsForMs(turn);
    if (quietMs === undefined || playsMs === undefined) return;
    this.#timer = setTimeout(() => {
      if (turn.playing) this.#voice.runOut();
      this.stop();
      this.#over();
    }, playsMs + quietMs);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
