import { setTimeout as sleep } from 'node:timers/promises';

/** How long and how often {@link poll} looks. */
export interface PollOptions {
  /** Milliseconds after which it gives up. (Default: 180,000: a deadline is for what never comes, and a busy machine is slow.) */
  readonly deadlineMs?: number;
  /** Milliseconds between two looks. (Default: 10, and a tenth of what it has waited up to 50: looking takes time of others.) */
  readonly intervalMs?: number;
  /** What was waited for, for the error. */
  readonly what?: string;
}

/**
 * Waits until `look` returns something other than `undefined`, `null` or `false`, and returns that.
 *
 * @throws Error after the deadline, with the last error of `look` as its cause. An error of `look` before the
 * deadline counts as "not yet".
 */
export async function poll<T>(
  look: () => T | Promise<T>,
  { deadlineMs = 180_000, intervalMs, what = look.toString() }: PollOptions = {},
): Promise<Exclude<T, undefined | null | false>> {
  const startMs = performance.now();
  for (;;) {
    let cause: unknown;
    try {
      const found = await look();
      if (found !== undefined && found !== null && found !== false) {
        return found as Exclude<T, undefined | null | false>;
      }
    } catch (error) {
      cause = error;
    }
    const waitedMs = performance.now() - startMs;
    if (waitedMs >= deadlineMs) throw new Error(`Not within ${deadlineMs} ms: ${what}`, { cause });
    await sleep(intervalMs ?? Math.min(Math.max(10, waitedMs / 10), 50));
  }
}
