import type { Micros } from '../../model/facts.ts';
import { type DelayChange, delayAfter } from './delay.ts';
import { type PauseSample, STEP_US } from './pause-sample.ts';
import { silenceAfter } from './schedule.ts';

const NONE = new Uint16Array();

/**
 * What one delay comes to in a sample of calls. What depends on a call alone is computed once, so that a bootstrap only adds up.
 */
export class DelayPolicy {
  /** Of each call: seconds of silence, turns, and the steps at which turns are committed. */
  readonly #silence: Float64Array;
  readonly #turns: Float64Array;
  readonly #commits: readonly Uint16Array[];

  /** @param change - absent: the delay as it is */
  constructor({ calls }: PauseSample, change?: DelayChange) {
    this.#turns = Float64Array.from(calls, ({ turns }) => turns.length);
    this.#silence = Float64Array.from(
      calls,
      ({ turns }) =>
        turns.reduce((sum, { schedule, transcribed }) => {
          const { committed, playback } = schedule;
          if (change === undefined || committed === undefined) return sum + playback;
          return sum + silenceAfter(schedule, { committed: delayAfter(change, { committed, transcribed }) });
        }, 0) / 1e6,
    );
    this.#commits = calls.map(({ silences }) =>
      Uint16Array.from(
        silences.flatMap(({ commit }) => {
          if (commit === undefined) return [];
          const delay = change === undefined ? commit.committed : delayAfter(change, commit);
          return Math.round(delay / STEP_US);
        }),
      ),
    );
  }

  /** The mean silence of turns, in seconds. */
  meanSilence(drawn: readonly number[]): number {
    let [seconds, turns] = [0, 0];
    for (const index of drawn) {
      seconds += this.#silence[index] ?? 0;
      turns += this.#turns[index] ?? 0;
    }
    return seconds / turns;
  }

  /**
   * Pauses in a turn, on average, in which it would have been committed too early: those that last longer than the delay, up to the
   * longest pause that is seen. NaN: none is.
   *
   * @param curve - of the same calls: the share of silences that lasts longer than each step
   */
  cutOffs(drawn: readonly number[], curve: Float64Array, seenUntil: Micros): number {
    const last = Math.min(Math.floor(seenUntil / STEP_US), curve.length - 1);
    if (last <= 0) return Number.NaN;
    let [shares, commits] = [0, 0];
    for (const index of drawn) {
      const steps = this.#commits[index] ?? NONE;
      // By index: this is most of the work of a bootstrap.
      for (let commit = 0; commit < steps.length; commit += 1)
        shares += curve[Math.min(steps[commit] as number, last)] as number;
      commits += steps.length;
    }
    return shares / commits / (curve[last] ?? 1) - 1;
  }
}
