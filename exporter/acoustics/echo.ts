import { LEVELS_PER_SECOND, levelOf } from './levels.ts';

/** An echo comes back within so long: the way to the telephone and back, by way of a mobile network. */
const LONGEST = Math.round(0.4 * LEVELS_PER_SECOND);
/** An echo is so much softer than what it is an echo of. Someone who speaks over it is not. */
const SOFTER = levelOf(12) - levelOf(0);

/**
 * Where a side is the echo of the other one: what is much softer than the other side was a moment ago is not its own (Geigel's
 * double-talk detector). Linear: the loudest of the last moments is in front of a queue that only falls.
 */
export function echoOf(levels: Uint8Array, other: Uint8Array): Uint8Array {
  const isEcho = new Uint8Array(levels.length);
  const queue = new Uint32Array(other.length);
  let [head, tail] = [0, 0];
  for (const [index, level] of levels.entries()) {
    if (index < other.length) {
      const loud = other[index] ?? 0;
      while (tail > head && (other[queue[tail - 1] ?? 0] ?? 0) <= loud) tail -= 1;
      queue[tail] = index;
      tail += 1;
    }
    while (head < tail && (queue[head] ?? 0) < index - LONGEST) head += 1;
    const loudest = head < tail ? (other[queue[head] ?? 0] ?? 0) : 0;
    if (level + SOFTER <= loudest) isEcho[index] = 1;
  }
  return isEcho;
}
