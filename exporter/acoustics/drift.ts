import { quantileOf } from '../statistics/quantile.ts';

/** How instants of a recording become those of its call: `start + seconds × rate`. */
export interface Line {
  /** Of the first sample, in seconds from the call's start. */
  readonly start: number;
  /** Seconds of the call in a second of the recording: 1 where both clocks run alike. */
  readonly rate: number;
}

/** Fewer edges say nothing of a clock. */
const LEAST_EDGES = 12;
/** A drift that comes to less over the call is none. */
const LEAST_SECONDS = 0.02;
/** Crystals are off by less. */
const MOST_DRIFT = 1e-3;

const median = (values: readonly number[]): number => quantileOf(values, 0.5);

/**
 * Draws the line through edges of speech, each with how far it is off where the recording begins at `start`: resistant to a third of
 * them that are wrong (Tukey's line through three groups).
 */
export function drawnLine(
  edges: readonly { readonly at: number; readonly off: number }[],
  start: number,
): Line {
  if (edges.length === 0) return { start, rate: 1 };
  const plain = { start: start + median(edges.map(({ off }) => off)), rate: 1 };
  if (edges.length < LEAST_EDGES) return plain;
  const inOrder = edges.toSorted((a, b) => a.at - b.at);
  const third = Math.floor(inOrder.length / 3);
  const centre = (group: typeof inOrder) => ({
    at: median(group.map(({ at }) => at)),
    off: median(group.map(({ off }) => off)),
  });
  const [first, last] = [centre(inOrder.slice(0, third)), centre(inOrder.slice(-third))];
  const slope = (last.off - first.off) / (last.at - first.at);
  const span = (inOrder.at(-1)?.at ?? 0) - (inOrder[0]?.at ?? 0);
  if (!(Math.abs(slope) * span > LEAST_SECONDS && Math.abs(slope) < MOST_DRIFT)) return plain;
  const left = median(inOrder.map(({ at, off }) => off - slope * (at - start)));
  return { start: start + left, rate: 1 + slope };
}
