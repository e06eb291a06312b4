import type { SpeechEvent } from '../../../exporter/quality/speech-events.ts';
import type { Micros } from '../../../model/facts.ts';
import type { Stage, StageResult } from '../stage.ts';
import type { Turn } from '../turn.ts';
import type { CallHost } from './host.ts';
import { SpeechLog } from './speech-log.ts';

/** After so long a silence a request that is over has nothing to do with what follows. */
const PAUSE_US = 2_000_000;

/**
 * The turn that goes on, from its opening to its end.
 *
 * A request that nothing led to opens one for the time being: it is a turn once its answer is spoken, and becomes
 * background work of the call when something else follows.
 */
export class CurrentTurn {
  readonly #host: CallHost;
  readonly #log = new SpeechLog();
  #turn: Turn | undefined;
  #committed = false;
  /** When the model had given an answer in words. */
  #givenUs: Micros | undefined;
  #speechKnown = false;
  #userEndedUs: Micros = 0;

  constructor(host: CallHost) {
    this.#host = host;
  }

  get open(): Turn | undefined {
    return this.#turn?.ended ? undefined : this.#turn;
  }

  /** What the user said was accepted as finished. */
  get committed(): boolean {
    return this.#committed;
  }

  /** Someone listens to the user: that they say nothing means something. */
  get speechKnown(): boolean {
    return this.#speechKnown;
  }

  /** When the user was last heard. */
  get userEndedUs(): Micros {
    return this.#userEndedUs;
  }

  speechIsKnown(): void {
    this.#speechKnown = true;
  }

  /** Notes who speaks, by which interruptions are judged. */
  note(what: SpeechEvent['what'], atUs: Micros): void {
    if (what === 'user_ended') this.#userEndedUs = atUs;
    if (what.startsWith('user')) this.#speechKnown = true;
    this.#log.note(what, atUs);
  }

  start(initiator: 'user' | 'agent', startUs: Micros, { manual = false, provisional = false } = {}): Turn {
    this.#turn = this.#host.openTurn({ initiator, startUs, manual, provisional });
    return this.#turn;
  }

  /** The turn in which the agent is heard from `us` on. */
  spokenIn(us: Micros): Turn {
    const turn = this.#latest(us);
    turn?.confirm();
    return turn ?? this.start('agent', us);
  }

  /**
   * The turn in which a model or a tool is asked: it may yet answer nothing.
   *
   * @param voiceSeen Something shows when the agent is heard. Where no one is heard at all, requests are all there is.
   */
  askedIn(us: Micros, voiceSeen: boolean): Turn {
    return this.#latest(us) ?? this.start('agent', us, { provisional: voiceSeen || this.#speechKnown });
  }

  /** The turn that a framework's reply may go on with: not background work that is over. */
  repliedIn(): Turn | undefined {
    const turn = this.open;
    if (turn?.provisional && turn.openStages.size === 0) this.close(turn.startUs);
    else turn?.confirm();
    return this.open;
  }

  /** Whether what the user goes on to say is said in this turn, with words or without. */
  get listens(): boolean {
    const turn = this.open;
    return turn !== undefined && turn.initiator === 'user' && !turn.answered && !this.#committed;
  }

  /**
   * Whether words, which began at `startUs`, are still part of what this turn answers.
   *
   * @param voiceSeen Something shows when the agent is heard. If not, what its model gave has been.
   */
  continuesWith(startUs: Micros, voiceSeen: boolean): boolean {
    const turn = this.open;
    if (!turn || turn.manual) return turn !== undefined;
    if (!voiceSeen && this.#committed && this.#givenUs !== undefined && this.#givenUs < startUs) return false;
    return !turn.answered && (turn.initiator === 'user' || startUs <= turn.startUs);
  }

  /** The user speaks on in it; what had been accepted before was an utterance of its own. */
  spokenAgain(startUs: Micros): void {
    const turn = this.open;
    turn?.confirm('user');
    if (this.#committed) turn?.spokenAgain(startUs);
  }

  /** Whether what is accepted now was said in it. */
  get accepts(): boolean {
    const turn = this.open;
    return turn?.initiator === 'user' && !(turn.answered && this.#committed);
  }

  commit(us: Micros): void {
    this.note('user_committed', us);
    this.#committed = true;
    this.open?.committed(us / 1_000);
  }

  stageChanged(stage: Stage, result: StageResult | undefined): void {
    if (stage.kind === 'llm' && result?.text && !stage.cancelled && !stage.failed)
      this.#givenUs = stage.endUs;
  }

  /** @param startInferred When the speech that ends the turn began is not known. */
  close(atUs: Micros, startInferred = false): void {
    const turn = this.open;
    if (turn?.provisional) {
      this.#log.judge(undefined, false);
      turn.drop(atUs);
    } else {
      if (turn && !this.#speechKnown && !turn.manual) turn.speechUnknown();
      this.#log.judge(turn, startInferred);
      turn?.end({ at: atUs / 1_000 });
    }
    this.#committed = false;
    this.#givenUs = undefined;
  }

  /** The open turn, unless it is background work that was over long before. */
  #latest(us: Micros): Turn | undefined {
    const turn = this.open;
    if (turn?.provisional && turn.openStages.size === 0 && us - turn.lastStageEndUs > PAUSE_US)
      this.close(us);
    return this.open;
  }
}
