// The folder of a test run, for the temporary files of all its tests: in memory where there is plenty of it. A data folder
// of PostgreSQL or PGlite is a thousand small files, and on a disk to make and remove them costs more than to use them.
import { spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
/** A run needs less than one. */
const ENOUGH_GIB = 4;
const GIB = 2 ** 30;

/** Makes it. */
export function makeRunFolder() {
  const folder = mkdtempSync(join(hasMemory() ? MEMORY : tmpdir(), 'earshot-test-run-'));
  // As root, the servers run as another user; they have and remove folders here.
  if (process.getuid?.() === 0) chmodSync(folder, 0o1777);
  return folder;
}

/** Removes it, with what ends at this moment still writing there. */
export function removeRunFolder(folder) {
  for (const point of mountedBelow(folder)) spawnSync('umount', ['--lazy', point]);
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
}

/** The small disks of tests that were ended in the middle. */
function mountedBelow(folder) {
  try {
    const points = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[1]);
    return points.filter((point) => point?.startsWith(`${folder}/`));
  } catch {
    return [];
  }
}

/** Containers have little memory there by default, or may not start programs from it. */
function hasMemory() {
  try {
    accessSync(MEMORY, constants.W_OK);
    const mount = readFileSync('/proc/mounts', 'utf8').match(/^tmpfs \/dev\/shm tmpfs (\S+)/m);
    const { bavail, bsize } = statfsSync(MEMORY);
    const free = Math.min(bavail * bsize, process.availableMemory());
    return mount !== null && !mount[1].split(',').includes('noexec') && free >= ENOUGH_GIB * GIB;
  } catch {
    return false;
  }
}
