import { guard } from '../spans.ts';
import type { Tap } from './streams.ts';

/** A generator that gives what `source` gives and tells `tap`. `finally` runs on `break`, which is what a barge-in looks like. */
export async function* tapGenerator<T>(source: AsyncIterable<T>, tap: Tap<T>): AsyncGenerator<T> {
  let over = false;
  try {
    for await (const item of source) {
      guard('reading a stream', () => tap.see(item));
      yield item;
    }
    over = true;
    guard('following a stream', () => tap.end());
  } catch (error) {
    over = true;
    guard('following a stream', () => tap.fail(error));
    throw error;
  } finally {
    if (!over) guard('following a stream', () => tap.cancel());
  }
}
