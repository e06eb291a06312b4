import type { Interruption, Micros, StageFact, TurnPartFact } from '../../model/facts.ts';
import { lastUpTo, within } from './ascending.ts';

/** A stretch of the user's voice. */
type Speech = Pick<TurnPartFact, 'startUs' | 'endUs' | 'backchannel'>;

/** The user's side of a turn, as its speech corrects it. */
export interface UserSide extends TurnPartFact {
  /** The end of the last words before the commit, where the framework shows when the user's voice was heard. */
  spokenUntilUs?: Micros;
}

/** Words that the agent goes on after for so long were not meant to stop it. */
const GOES_ON_US = 1_000_000;
/** Figures of one framework are so far apart. */
const TOLERANCE_US = 50_000;
/** A voice detector needs some time to hear what has stopped the agent. */
const LATE_US = 100_000;

const startOf = ({ startUs }: { startUs: Micros }): Micros => startUs;

/**
 * When the user spoke, of a framework that shows it apart from the turns. All lists are in order of start; every
 * question takes logarithmic time and that of its answer.
 */
export class UserSpeech {
  readonly #speeches: readonly Speech[];
  readonly #playbacks: readonly StageFact[];
  /** When the user began: by voice, and by turns where that is all that is known. */
  readonly #starts: readonly Micros[];

  constructor(speeches: readonly Speech[], users: readonly TurnPartFact[], playbacks: readonly StageFact[]) {
    this.#speeches = speeches;
    this.#playbacks = playbacks;
    this.#starts = [...speeches, ...users].map(startOf).sort((a, b) => a - b);
  }

  /**
   * The user's side without the noise that opened it: what was heard while the agent went on, or before it spoke again,
   * is no part of the words that were answered.
   */
  sideOf(user: TurnPartFact): UserSide {
    const heard = within(this.#speeches, user.startUs - TOLERANCE_US, user.endUs, startOf);
    const lastPlayback = lastUpTo(this.#playbacks, user.endUs, startOf);
    const words = heard.filter(
      (speech) =>
        speech.backchannel !== true &&
        !(lastPlayback !== undefined && lastPlayback.startUs > speech.endUs) &&
        !this.#isSpokenOver(speech),
    );
    const [first, last] = [words[0], words.at(-1)];
    if (first === undefined || last === undefined) return user;
    // A voice that the framework did not wait for: when it fell silent is not known.
    const isKnown = last.endUs <= user.endUs + TOLERANCE_US;
    return {
      ...user,
      startUs: Math.min(Math.max(user.startUs, first.startUs), user.endUs),
      ...(isKnown && { spokenUntilUs: Math.min(last.endUs, user.endUs) }),
    };
  }

  /** When the user began the words that cut this playback off; undefined: there were none. */
  cutBy({ startUs, endUs }: StageFact): Micros | undefined {
    const atUs = lastUpTo(this.#starts, endUs + LATE_US, (start) => start);
    return atUs !== undefined && atUs > startUs ? atUs : undefined;
  }

  /** The user was still speaking when the agent began, and for as long as it could be heard at the least. */
  talksInto({ startUs }: StageFact): boolean {
    const speech = lastUpTo(this.#speeches, startUs, startOf);
    return speech !== undefined && speech.endUs > startUs + TOLERANCE_US;
  }

  /**
   * What the user's voice did to a reply that was spoken on: stopped it for nothing, where it resumes, or accompanied it,
   * where the framework says that it did not mean to stop it.
   */
  harmless(playbacks: readonly StageFact[], turnStarts: readonly Micros[]): Interruption[] {
    return playbacks.flatMap((playback, index): Interruption[] => {
      const next = playbacks[index + 1];
      const during = within(this.#speeches, playback.startUs + 1, playback.endUs + LATE_US, startOf);
      const backchannels = during.filter(({ backchannel }) => backchannel === true);
      const stopper = during.findLast(
        ({ startUs, backchannel }) => backchannel !== true && startUs < (next?.startUs ?? 0),
      );
      const isTurn =
        next && within(turnStarts, playback.startUs + 1, next.startUs, (start) => start).length > 0;
      return [
        ...backchannels.map(({ startUs }) => ({ kind: 'backchannel' as const, atUs: startUs })),
        ...(stopper === undefined || isTurn === true ? [] : [falseInterruption(stopper, playback)]),
      ];
    });
  }

  #isSpokenOver({ startUs, endUs }: Speech): boolean {
    const playback = lastUpTo(this.#playbacks, startUs, startOf);
    return playback !== undefined && playback.endUs >= endUs + GOES_ON_US;
  }
}

const falseInterruption = ({ startUs }: Speech, { endUs }: StageFact): Interruption => ({
  kind: 'false_interruption',
  atUs: startUs,
  ...(endUs >= startUs && { timeToSilenceSeconds: (endUs - startUs) / 1e6 }),
});
