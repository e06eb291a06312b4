import { finaliseCall } from '../exporter/finalise.ts';
import { loadPriceList } from '../exporter/pipeline/price-list.ts';
import { type Database, FinaliseWorker, Queue } from '../exporter/store/index.ts';
import type { Settings } from '../settings.ts';

/**
 * Turns the calls that wait in the queue and have ended into rows. For the embedded database: the agent that would do it
 * may be gone, and nobody else looks.
 */
export async function finaliseEndedCalls(
  db: Database,
  settings: Settings,
  warn: (message: string) => void,
): Promise<void> {
  const priceList = await loadPriceList(settings, warn);
  const queue = new Queue(db, {
    finalise: (facts) => finaliseCall(facts, priceList),
    workerId: `cli:${process.pid}`,
  });
  const worker = new FinaliseWorker({
    queue,
    onError: (error, callId) => warn(`${callId ?? 'the queue'} could not be finalised: ${String(error)}`),
  });
  await worker.drain();
}
