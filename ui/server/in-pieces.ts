import { setImmediate } from 'node:timers/promises';
import { HttpError } from '../../exporter/receiver/door/answer.ts';

/** It works for so long at a stretch, in milliseconds: what else the process does goes on in between. */
const WORK_MS = 4;

/** What work comes to that pauses after each piece. */
export async function inPieces<Result>(
  work: Generator<void, Result>,
  pause: () => Promise<void> = pauses(),
): Promise<Result> {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    await pause();
  }
}

/** Gives a function that pauses, where the last pause was long ago; it throws where no one waits for the work any more. */
export function pauses(isWanted: () => boolean = () => true): () => Promise<void> {
  let pauseAtMs = performance.now() + WORK_MS;
  return async () => {
    if (performance.now() < pauseAtMs) return;
    await setImmediate();
    if (!isWanted()) throw new HttpError(499, 'no one waits for the answer any more');
    pauseAtMs = performance.now() + WORK_MS;
  };
}
