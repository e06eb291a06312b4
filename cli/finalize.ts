import { finalizeCall } from '../exporter/finalize.ts';
import { loadPriceList } from '../exporter/pipeline/price-list.ts';
import { type Database, FinalizeWorker, Queue } from '../exporter/store/index.ts';
import type { Settings } from '../model/settings.ts';

/**
 * Turns the calls that wait in the queue and have ended into rows. For the embedded database: the agent that would do it
 * may be gone, and no other process looks.
 */
export async function finalizeEndedCalls(
  db: Database,
  settings: Settings,
  warn: (message: string) => void,
  /** Calls in one transaction. (Default: those of a worker.) */
  batch?: number,
): Promise<void> {
  const priceList = await loadPriceList(settings, warn);
  const queue = new Queue(db, {
    finalize: (facts) => finalizeCall(facts, priceList),
    workerId: `cli:${process.pid}`,
    callGapMs: settings.callGap,
  });
  const worker = new FinalizeWorker({
    queue,
    ...(batch !== undefined && { batch }),
    onError: (error, call) => warn(`${call?.callId ?? 'the queue'} could not be finalized: ${String(error)}`),
  });
  await worker.drain();
}
