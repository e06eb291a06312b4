import { resolve } from 'node:path';
import { diag } from '@opentelemetry/api';
import { openKept, waitingFolder } from '../../recordings/kept.ts';
import { Outbox } from '../../recordings/outbox.ts';
import { keepSweeping } from '../../recordings/sweep.ts';
import { isAddress } from '../../storage/open-place.ts';
import { isBeingWritten, setRecordings } from '../sdks/kit/recording/recordings.ts';

/** Records calls into a folder, or by way of one into a bucket; what has expired goes. Never throws. */
export function startRecordings(name: string, retentionMs: number): void {
  if (!isAddress(name)) setRecordings(name);
  void start(isAddress(name) ? name : resolve(name), retentionMs).catch((error: unknown) => {
    setRecordings(undefined);
    diag.error(`earshot: EARSHOT_RECORDINGS: ${(error as Error).message}. Nothing is recorded.`);
  });
}

async function start(name: string, retentionMs: number): Promise<void> {
  const kept = openKept(name);
  if (isAddress(name)) {
    const place = kept.then((known) => known.place);
    place.catch(() => {});
    const outbox = new Outbox(waitingFolder(name), place, {
      retentionMs,
      isOpen: isBeingWritten,
      onRound: report,
    });
    await outbox.open();
    // Calls come while the package for S3 is loaded.
    setRecordings(outbox.folder, () => void outbox.send());
    await kept;
    outbox.start();
  }
  keepSweeping({ kept: await kept, retentionMs });
}

let isAway = false;

/** One line for each time that it begins. */
function report(error: unknown): void {
  if (error !== undefined && !isAway)
    diag.warn(
      `earshot: EARSHOT_RECORDINGS cannot be reached (${(error as Error).name}): recordings wait on this machine.`,
    );
  isAway = error !== undefined;
}
