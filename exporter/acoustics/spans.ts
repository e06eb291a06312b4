import type { Stretch } from './voice-activity.ts';

/** The first of some ascending values that is no less; their number where all are. */
export function firstFrom<T>(ascending: readonly T[], value: (each: T) => number, least: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const each = ascending[middle];
    if (each !== undefined && value(each) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Which of some stretches has an edge nearest to an instant. Undefined: there is none. */
export function nearest(
  stretches: readonly Stretch[],
  edge: 'start' | 'end',
  instant: number,
): Stretch | undefined {
  const after = firstFrom(stretches, (each) => each[edge], instant);
  const [left, right] = [stretches[after - 1], stretches[after]];
  if (left === undefined || right === undefined) return left ?? right;
  return instant - left[edge] <= right[edge] - instant ? left : right;
}

/** Whether anything is heard between two instants. */
export function isHeardIn(stretches: readonly Stretch[], from: number, to: number): boolean {
  const before = stretches[firstFrom(stretches, ({ start }) => start, to) - 1];
  return before !== undefined && before.end > from;
}
