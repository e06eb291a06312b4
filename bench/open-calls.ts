import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { BenchResult } from './result.ts';

const CALLS = 10_000;
const OTHER_CALLS = 1_000;

/** What the measured process says of itself, in bytes. */
export interface OpenCallsMemory {
  readonly rss: number;
  readonly heap: number;
  /** After the calls have ended and the spans are gone. */
  readonly heapAfter: number;
}

/**
 * What open calls hold in memory: each with a turn whose transcription, model request and synthesis have ended, and its
 * playback going on. A fresh process with the OpenTelemetry SDK and our processor, above what it held without calls.
 */
export async function benchOpenCalls(): Promise<BenchResult[]> {
  const [few, many] = [await measure(OTHER_CALLS), await measure(CALLS)];
  const note = `${CALLS} open calls above idle, each in a turn with three ended stages and one open`;
  return [
    { name: 'open calls, resident memory', ours: megabytes(many.rss), unit: 'MB', note },
    { name: 'open calls, heap', ours: megabytes(many.heap), unit: 'MB', note },
    {
      name: 'open calls, heap of one',
      ours: (many.heap - few.heap) / (CALLS - OTHER_CALLS) / 1024,
      unit: 'KB',
      note: `what a call adds, between ${OTHER_CALLS} and ${CALLS} of them`,
    },
    {
      name: 'ended calls, heap',
      ours: megabytes(many.heapAfter),
      unit: 'MB',
      note: `what is left above idle when all ${CALLS} have ended: no call is held on to`,
    },
  ];
}

const megabytes = (bytes: number): number => bytes / 1024 / 1024;

async function measure(calls: number): Promise<OpenCallsMemory> {
  const child = fork(new URL('open-calls-process.js', import.meta.url), [String(calls)], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [[memory]] = await Promise.all([once(child, 'message'), once(child, 'exit')]);
  return memory as OpenCallsMemory;
}
