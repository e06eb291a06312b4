/** A seeded source of numbers: the same seed and label give the same sequence. */
export interface Random {
  /** A number from `min` (included) to `max` (excluded). */
  between(min: number, max: number): number;
  /** An opaque id in the form of a UUID. */
  uuid(): string;
}

/** A range of milliseconds (or of whatever the name of the option says), from the first to the second. */
export type Range = readonly [min: number, max: number];

/**
 * A small generator (mulberry32) for delays and ids. Give each request its own `label`, so that what one request draws
 * does not depend on the requests beside it.
 */
export function createRandom(seed: number, label = ''): Random {
  let state = seed | 0;
  for (const character of label) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(next() * 16).toString(16)).join('');
  return {
    between: (min, max) => min + next() * (max - min),
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`,
  };
}
