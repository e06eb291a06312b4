// The entry of `node --import earshot/register`. No top-level await here or below, so that `require` works as well.
import { isMainThread } from 'node:worker_threads';
import { isPackageManager } from './start/package-manager.ts';
import { start, startInWorker } from './start/start.ts';

const STARTED = Symbol.for('earshot.started');
const seen = globalThis as { [STARTED]?: boolean };

// A worker thread inherits `--import`; a second load comes from a second `--import`, `require`, or another copy.
if (isMainThread && !seen[STARTED] && !isPackageManager(process.argv[1])) {
  seen[STARTED] = true;
  start();
} else if (!isMainThread) startInWorker();
