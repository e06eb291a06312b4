import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Writes text and waits until there is room for more. The function gives false when nothing reads any more. */
export const streamTo =
  (out: Writable) =>
  async (text: string): Promise<boolean> => {
    if (out.destroyed || out.errored) return false;
    if (out.write(text)) return true;
    const reading = new AbortController();
    try {
      await Promise.race(['drain', 'close'].map((event) => once(out, event, { signal: reading.signal })));
    } catch {
      // `once` rejects with the error of a pipe whose reader has gone.
    } finally {
      reading.abort();
    }
    return !out.destroyed && !out.errored;
  };
