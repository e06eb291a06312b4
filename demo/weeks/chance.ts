import { createRandom } from '../simulators/random.ts';

/** A time that has a heavy tail, as all that waits for others has: lognormal. */
export interface Delay {
  /** Half of them are shorter. */
  readonly medianSeconds: number;
  /** Standard deviation of the logarithm: 0 is always the median, 0.5 has a p95 of 2.3 times the median. */
  readonly sigma: number;
  /** As much more each time, in seconds. (Default: 0.) */
  readonly moreSeconds?: number;
}

/** What a simulated call draws. The same seed and label draw the same. */
export interface Chance {
  /** From 0 (included) to 1 (excluded). */
  share(): number;
  whether(probability: number): boolean;
  seconds(delay: Delay): number;
  /** A whole number, 0 or more, with this mean (Poisson). */
  count(mean: number): number;
  /** One of these, by their weights. */
  pick<const T>(weighted: readonly (readonly [weight: number, item: T])[]): T;
}

export function chanceOf(seed: number, label: string): Chance {
  const random = createRandom(seed, label);
  const share = (): number => random.between(0, 1);
  // Box and Muller; 1 − share is never 0.
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - share())) * Math.cos(2 * Math.PI * share());
  return {
    share,
    whether: (probability) => share() < probability,
    seconds: ({ medianSeconds, sigma, moreSeconds = 0 }) =>
      medianSeconds * Math.exp(sigma * normal()) + moreSeconds,
    count(mean) {
      const limit = Math.exp(-mean);
      let [found, product] = [0, share()];
      for (; product > limit; product *= share()) found += 1;
      return found;
    },
    pick(weighted) {
      let left = share() * weighted.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, item] of weighted) {
        left -= weight;
        if (left < 0) return item;
      }
      const last = weighted.at(-1);
      if (last === undefined) throw new RangeError('saw nothing to pick from, expected one item at least');
      return last[1];
    },
  };
}
