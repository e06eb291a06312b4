import { hostname } from 'node:os';

/** The name of this machine, as part of a file's. */
export const host = (): string => hostname().replace(/[^\w.-]/g, '_');

/** Whether a process of this machine runs. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
