import type { Micros } from '../../model/facts.ts';
import { type DelayChange, delayAfter } from './delay.ts';
import { type PauseSample, STEP_US } from './pause-sample.ts';
import { silenceAfter } from './schedule.ts';

/**
 * What one delay comes to in a sample of calls. What depends on a call alone is computed once, so that a bootstrap only adds up.
 */
export class DelayPolicy {
  /** Of each call: seconds of silence, and turns. */
  readonly #silence: Float64Array;
  readonly #turns: Float64Array;
  /** The step at which a turn is committed, of each kind of commit. */
  readonly #steps: Uint16Array;

  /** @param change - absent: the delay as it is */
  constructor({ calls, commitKinds }: PauseSample, change?: DelayChange) {
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
    this.#steps = Uint16Array.from(commitKinds, (commit) => {
      const delay = change === undefined ? commit.committed : delayAfter(change, commit);
      return Math.round(delay / STEP_US);
    });
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
   * @param counts - how many commits of each kind there are
   * @param curve - of the same calls: the share of silences that lasts longer than each step
   */
  cutOffs(counts: Uint32Array, curve: Float64Array, seenUntil: Micros): number {
    const last = Math.min(Math.floor(seenUntil / STEP_US), curve.length - 1);
    if (last <= 0) return Number.NaN;
    let [shares, commits] = [0, 0];
    for (let kind = 0; kind < counts.length; kind += 1) {
      const count = counts[kind] as number;
      shares += count * (curve[Math.min(this.#steps[kind] as number, last)] as number);
      commits += count;
    }
    return shares / commits / (curve[last] ?? 1) - 1;
  }
}
