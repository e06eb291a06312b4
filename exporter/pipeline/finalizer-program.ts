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

let goOn: () => void = () => {};

port?.on('message', (message: ToThread) => {
  if ('more' in message) return goOn();
  for (const fact of message.facts) waiting.push(fact);
  if (!message.last) return;
  const call = waiting;
  waiting = [];
  void answer(call);
});

async function answer(facts: readonly Fact[]): Promise<void> {
  const send = (message: FromThread) => port?.postMessage(message);
  try {
    const { metrics, logs } = finalizeCall(facts, await priceList);
    for (const slice of slices(logs)) {
      // One at a time: messages that wait are all received at a stretch.
      const more = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      send({ logs: slice.map(toPlain) });
      await more;
    }
    send({ metrics: toPlain(metrics) });
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    send({ error: { name, code: errorCode(error) } });
  }
}
