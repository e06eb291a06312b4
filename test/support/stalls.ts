import { readFile } from 'node:fs/promises';
import { nowMicros } from '../../demo/now.ts';

/** A time in which the machine did not let a process run. Epoch microseconds. */
export interface Stall {
  readonly fromMicros: number;
  readonly toMicros: number;
  /** How much of it the process had no processor, though it had something to do. */
  readonly lostMicros: number;
}

const TICK_MS = 2;
/** What a timer is late on a quiet machine. */
const USUAL_MICROS = 3_000;

/**
 * Watches for stalls of this process. A process that is busy itself is late as well, and that is not a stall: the processor
 * time that it used meanwhile does not count.
 *
 * @returns the stalls so far, only ever appended to.
 */
export function watchStalls(): readonly Stall[] {
  const stalls: Stall[] = [];
  let before = nowMicros();
  let usedBefore = used();
  setInterval(() => {
    const now = nowMicros();
    const usedNow = used();
    const lostMicros = now - before - TICK_MS * 1000 - (usedNow - usedBefore);
    if (lostMicros > USUAL_MICROS) stalls.push({ fromMicros: before, toMicros: now, lostMicros });
    before = now;
    usedBefore = usedNow;
  }, TICK_MS).unref();
  return stalls;
}

/** Options of Node that record the stalls of a program; see there. Many times a second: 2 % of a processor. */
export const STALL_PROBE: readonly string[] = ['--import', import.meta.resolve('./stall-probe.js')];

/** The stalls of the processes that were started with it and have ended. */
export async function readStalls(file: string): Promise<Stall[]> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  return lines.flatMap((line): Stall[] => JSON.parse(line));
}

function used(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
