/** A seeded source of chance: the same seed gives the same numbers, on any machine. */
export interface Random {
  /** From 0 (included) to 1 (excluded). */
  share(): number;
  /** A whole number from 0 to `count` − 1. */
  below(count: number): number;
}

/** A small generator (mulberry32), good enough to draw samples and not to keep secrets. */
export function seeded(seed: number): Random {
  let state = seed | 0;
  const share = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { share, below: (count) => Math.floor(share() * count) };
}
