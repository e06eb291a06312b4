import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { diag } from '@opentelemetry/api';

/** `f_type` of a file system in memory, in Linux' statfs(2). */
const TMPFS = 0x01021994;

/** Docker and Podman leave a file, Kubernetes a variable. */
const inContainer = (): boolean =>
  existsSync('/.dockerenv') ||
  existsSync('/run/.containerenv') ||
  process.env.KUBERNETES_SERVICE_HOST !== undefined;

/** Whether what is in the folder goes with its container: it is on the container's own file system, or in memory. */
export function goesWithContainer(dir: string): boolean {
  let folder = dir;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return statSync(folder).dev === statSync('/').dev || statfsSync(folder).type === TMPFS;
}

let warned = false;

/** One line a process, when spans wait where they would be lost with the container. */
export function warnOfVolatileSpool(dir: string): void {
  try {
    if (warned || !inContainer() || !goesWithContainer(dir)) return;
    warned = true;
    diag.warn(
      `earshot: spans wait in ${dir}, which is lost with this container. Set EARSHOT_SPOOL_DIR to a folder on a volume.`,
    );
  } catch {} // A folder that cannot be looked at says nothing.
}
