import { readdirSync, readFileSync } from 'node:fs';

/** Of Linux on all usual machines. */
const TICKS_PER_SECOND = 100;

interface Process {
  readonly parent: number;
  readonly cpuSeconds: number;
  /** What its children used that have ended. */
  readonly endedSeconds: number;
}

function processOf(id: string | number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${id}/stat`, 'latin1');
    // The name, in brackets, may hold anything.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const seconds = (first: number) => ((fields[first] ?? 0) + (fields[first + 1] ?? 0)) / TICKS_PER_SECOND;
    return { parent: fields[1] ?? 0, cpuSeconds: seconds(11), endedSeconds: seconds(13) };
  } catch {
    return undefined;
  }
}

/** CPU that a process has used so far, in seconds. Linux only. */
export const cpuSeconds = (pid: number): number => processOf(pid)?.cpuSeconds ?? Number.NaN;

/** The same with its children, those that have ended too. */
export function treeCpuSeconds(pid: number): number {
  const root = processOf(pid);
  if (root === undefined) return Number.NaN;
  let sum = root.cpuSeconds + root.endedSeconds;
  for (const name of readdirSync('/proc')) {
    const each = /^\d+$/.test(name) ? processOf(name) : undefined;
    if (each?.parent === pid) sum += each.cpuSeconds;
  }
  return sum;
}

/** Who started a process. */
export const parentOf = (pid: number): number => processOf(pid)?.parent ?? 0;

/** Most memory that a process has held at once, in megabytes. */
export function peakMegabytes(pid: number): number {
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return Number(kilobytes) / 1_024;
}
