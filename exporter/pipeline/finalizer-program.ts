/** The program of the finalizing thread: facts in, rows out. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Fact } from '../../model/facts.ts';
import { finalizeCall } from '../finalize.ts';
import { errorCode } from '../store/errors.ts';
import { type FromThread, slices, type ThreadData, type ToThread, toPlain } from './finalizer-messages.ts';
import { loadPriceList } from './price-list.ts';

const port = parentPort;
// The process that started this thread has reported a price file that cannot be used.
const priceList = loadPriceList(workerData as ThreadData, () => {});
let waiting: Fact[] = [];

port?.on('message', ({ facts, last }: ToThread) => {
  for (const fact of facts) waiting.push(fact);
  if (!last) return;
  const call = waiting;
  waiting = [];
  void answer(call);
});

async function answer(facts: readonly Fact[]): Promise<void> {
  const send = (message: FromThread) => port?.postMessage(message);
  try {
    const { metrics, logs } = finalizeCall(facts, await priceList);
    for (const slice of slices(logs)) send({ logs: slice.map(toPlain) });
    send({ metrics: toPlain(metrics) });
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    send({ error: { name, code: errorCode(error) } });
  }
}
