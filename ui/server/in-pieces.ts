import { setImmediate } from 'node:timers/promises';

/** It works for so long at a stretch, in milliseconds: what else the process does goes on in between. */
const WORK_MS = 4;

/** What work comes to that pauses after each piece. */
export async function inPieces<Result>(work: Generator<void, Result>): Promise<Result> {
  let pauseAtMs = performance.now() + WORK_MS;
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    if (performance.now() < pauseAtMs) continue;
    await setImmediate();
    pauseAtMs = performance.now() + WORK_MS;
  }
}
