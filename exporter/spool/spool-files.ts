import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/** A process does not touch its files for so long only when it is gone, or its machine stands still. */
const STALE_AFTER_MS = 5 * 60_000;
const NAME = /^(?<owner>(?<host>[\w.]+)-(?<pid>\d+)-(?<startMs>\d+)-[0-9a-f]{8})\.(?<sequence>\d+)\.ndjson$/;
const HOST =
  hostname()
    .replace(/[^\w.]/g, '_')
    .slice(0, 64) || 'host';
const PROCESS_START_MS = Math.floor(performance.timeOrigin);

/** An owner is one spool in one process: machine, process id, process start and a random part. */
export const newOwner = (): string =>
  `${HOST}-${process.pid}-${PROCESS_START_MS}-${randomBytes(4).toString('hex')}`;

/** `OWNER.SEQUENCE.ndjson` */
export const fileName = (owner: string, sequence: number): string => `${owner}.${sequence}.ndjson`;

/** Whether a file's name is one of a spool. */
export const isSpoolFile = (name: string): boolean => NAME.test(name);

/**
 * Whether no process writes to this spool file any more, so that another may claim it. A process id says it at once on the
 * machine that gave it; ids are used again, and containers share folders, so a file untouched for five minutes is
 * abandoned whatever its name says.
 */
export function isAbandoned(name: string, touchedMs: number, nowMs: number): boolean {
  const parts = NAME.exec(name)?.groups;
  if (parts === undefined) return false;
  if (nowMs - touchedMs > STALE_AFTER_MS) return true;
  if (parts.host !== HOST) return false;
  const pid = Number(parts.pid);
  // A container that starts again has the same machine name and the same process id.
  if (pid === process.pid) return Number(parts.startMs) !== PROCESS_START_MS;
  return !isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
