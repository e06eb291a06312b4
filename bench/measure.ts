/** The middle of the values; the mean of the two in the middle when their number is even. NaN without values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : (high + (sorted[middle - 1] ?? high)) / 2;
}

/** One way to do the work: a round of it, and what the round measured. */
export type Round = () => number | Promise<number>;

/** Rounds before the first that counts: code is compiled, caches are filled. */
const WARM_UP = 3;

/**
 * Runs the contestants in turn, so that a busy moment of the machine meets them all, and gives the median of each. The
 * order is turned round each time, so that none of them always pays for the garbage of the same one. Garbage is not collected
 * in between: that throws optimised code away, and it would be the compiler that is measured.
 */
export async function inTurn<Name extends string>(
  rounds: number,
  contestants: Readonly<Record<Name, Round>>,
): Promise<Record<Name, number>> {
  const entries = Object.entries(contestants) as [Name, Round][];
  const values = new Map<Name, number[]>(entries.map(([name]) => [name, []]));
  for (let round = -WARM_UP; round < rounds; round += 1) {
    for (const [name, run] of round % 2 === 0 ? entries : entries.toReversed()) {
      const value = await run();
      if (round >= 0) values.get(name)?.push(value);
    }
  }
  return Object.fromEntries([...values].map(([name, list]) => [name, median(list)])) as Record<Name, number>;
}

/** The items in pieces of `size`, in order. */
export function inBatches<T>(items: readonly T[], size: number): T[][] {
  const batches: T[][] = [];
  for (let from = 0; from < items.length; from += size) batches.push(items.slice(from, from + size));
  return batches;
}
