import { median } from '../measure.ts';

export const FRAMES = 100_000;
export const ROUNDS = 10;
export const POOL = 256;

/** Different frames, to be handled in turn. */
export const pool = <T>(make: (i: number) => T): T[] => Array.from({ length: POOL }, (_, i) => make(i));
export const payload = (i: number): string => Buffer.alloc(160, i).toString('base64');

/** Microseconds a frame of each of two ways to handle it. */
export function compare<T>(
  frames: readonly T[],
  ours: (frame: T) => void,
  baseline: (frame: T) => void,
): { ours: number; baseline: number } {
  const round = (handle: (frame: T) => void): number => {
    const start = performance.now();
    for (let i = 0; i < FRAMES; i++) handle(frames[i % POOL] as T);
    return ((performance.now() - start) * 1_000) / FRAMES;
  };
  const rounds = { ours: [] as number[], baseline: [] as number[] };
  for (let i = 0; i < ROUNDS + 2; i++) {
    const [withOurs, without] = [round(ours), round(baseline)];
    if (i < 2) continue;
    rounds.ours.push(withOurs);
    rounds.baseline.push(without);
  }
  return { ours: median(rounds.ours), baseline: median(rounds.baseline) };
}
