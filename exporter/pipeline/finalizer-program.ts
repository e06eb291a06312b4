/** The program of the finalizing thread: it has a database connection of its own, and is told which calls to finalize. */
import { getPriority, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { finalizeCall } from '../finalize.ts';
import { migratingAgain, openPostgres } from '../store/index.ts';
import {
  type FromThread,
  type Order,
  plainCall,
  plainError,
  plainResult,
  type ThreadData,
  type ToThread,
} from './finalizer-messages.ts';
import { FinalizingHere } from './finalizing.ts';
import { loadPriceList } from './price-list.ts';

/** Added to what the agent has, on the scale of nice(1): the thread beside it gets a third of what the agent's own gets. */
const NICE = 5;

const port = parentPort;
const { postgres, settings, workerId, yields } = workerData as ThreadData;
// Linux alone has a priority for each thread; elsewhere it would be that of the agent.
if (yields && process.platform === 'linux') setPriority(Math.min(19, getPriority() + NICE));
const db = openPostgres(postgres);
const finalizing = open();
// Each order reports it.
finalizing.catch(() => {});

async function open(): Promise<FinalizingHere> {
  // The process that started this thread has reported a price file that cannot be used.
  const priceList = await loadPriceList(settings, () => {});
  return new FinalizingHere(
    migratingAgain(db),
    (facts) => {
      // Sent at once, though what follows holds this thread: the process watches the time.
      send({ computing: true });
      try {
        return finalizeCall(facts, priceList);
      } finally {
        send({ computing: false });
      }
    },
    settings,
    workerId,
  );
}

function send(message: FromThread): void {
  port?.postMessage(message);
}

async function answerTo(order: Order): Promise<FromThread> {
  try {
    const here = await finalizing;
    if ('finalize' in order) return { finalized: plainResult(await here.finalize(order.finalize)) };
    const ended = await here.end(order.end);
    return { ended: { ...ended, finalized: ended.finalized.map(plainCall) } };
  } catch (error) {
    return { error: plainError(error) };
  }
}

port?.on('message', (message: ToThread) => {
  if ('close' in message) void db.close().finally(() => process.exit());
  else void answerTo(message).then(send);
});
