/** A time is counted in pieces of so many milliseconds: one in which the process stands still counts as one. */
const PIECE_MS = 50;

/**
 * The value of `work`, which must come before a timer of this process has counted to `ms`. On a machine that stands still,
 * both wait.
 *
 * @throws Error when the timer was sooner, or what `work` rejects with.
 */
export async function soonerThan<Value>(ms: number, work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    let pieces = Math.ceil(ms / PIECE_MS);
    timer = setInterval(() => {
      pieces -= 1;
      if (pieces === 0) reject(new Error(`It took longer than ${ms} ms.`));
    }, PIECE_MS);
  });
  return Promise.race([work, late]).finally(() => clearInterval(timer));
}
