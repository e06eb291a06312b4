import type { Micros } from '../../../model/facts.ts';
import type { EouSource } from '../../../model/vocabulary.ts';
import type { Turn } from '../turn.ts';
import type { CallHost } from './host.ts';
import { recordUtterance, type Utterance } from './utterance.ts';

const MAX_UTTERANCES = 16;

/** What the user is saying, from the first sound of it until a turn takes it up. */
export class UserSpeech {
  #startUs: Micros;
  #startInferred: boolean;
  #endUs: Micros | undefined;
  #endSource: EouSource = 'stt_event';
  #heard = false;
  readonly #utterances: Utterance[] = [];
  /** When it was accepted as finished. */
  committedUs: Micros | undefined;

  /** @param startInferred It is when we first heard of it: the user had begun before. */
  constructor(startUs: Micros, startInferred: boolean) {
    this.#startUs = startUs;
    this.#startInferred = startInferred;
  }

  get startUs(): Micros {
    return this.#startUs;
  }

  get startInferred(): boolean {
    return this.#startInferred;
  }

  /** When the user fell silent; undefined while they speak. */
  get endUs(): Micros | undefined {
    return this.#endUs;
  }

  /** Words were understood: it is not a cough. */
  get heard(): boolean {
    return this.#heard;
  }

  wordsHeard(): void {
    this.#heard = true;
  }

  /** The user goes on after a pause, or had begun earlier than was known. */
  resumed(us: Micros, startInferred: boolean): void {
    this.#endUs = undefined;
    if (us >= this.#startUs) return;
    this.#startUs = us;
    this.#startInferred = startInferred;
  }

  /** Gives false for an end that lies before it: that is the end of something else. */
  ended(us: Micros, source: EouSource): boolean {
    if (us < this.#startUs) return false;
    this.#endUs = us;
    this.#endSource = source;
    return true;
  }

  /** Keeps a transcription until it is known whose it is; false when there is no room for more. */
  keep(utterance: Utterance): boolean {
    if (this.#utterances.length >= MAX_UTTERANCES) return false;
    this.#utterances.push(utterance);
    return true;
  }

  /** A turn takes it up. */
  becomes(turn: Turn): void {
    turn.userSpeechStarted({ at: this.#startUs / 1_000 });
    if (this.#endUs !== undefined) turn.userSpeechEnded({ at: this.#endUs / 1_000, source: this.#endSource });
    for (const utterance of this.#utterances.splice(0)) recordUtterance(turn, utterance);
    if (this.committedUs !== undefined) turn.committed(this.committedUs / 1_000);
  }

  /** No turn takes it up: what its transcription used is the call's. */
  leftTo(call: Pick<CallHost, 'startStage'>): void {
    for (const utterance of this.#utterances.splice(0)) recordUtterance(call, utterance);
  }
}
