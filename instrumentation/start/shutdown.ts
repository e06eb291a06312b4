import { constants } from 'node:os';
import { diag } from '@opentelemetry/api';
import { endOpenCalls } from '../call/call.ts';
import { describeError } from '../otel/diagnostics.ts';
import type { Telemetry } from '../otel/otel.ts';
import type { RowWriter } from './row-writer.ts';

/** How long an exit may wait for the database. The processor keeps to it and spools to disk what is left. */
const ROWS_TIMEOUT_MS = 5_000;
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

export interface FlushTargets {
  rows: RowWriter;
  /** Absent when the application has brought its own SDK, which is its own to flush. */
  telemetry?: Telemetry;
}

/**
 * Saves telemetry when the process ends: when it has nothing left to do, and on SIGTERM and SIGINT. The exit stays the
 * application's: with a listener of its own for the signal it may drain calls for minutes, so only what is there is
 * written. `process.exit`, with open calls or without, leaves time for the disk only: calls are ended, and what is not in
 * the database goes to the spool.
 */
export function flushOnExit(targets: FlushTargets): void {
  process.once('beforeExit', () => {
    endOpenCalls('process_exit');
    void finish(targets).then((done) => {
      // Nothing of the application was left to run; only requests that get no answer hold the process.
      if (!done && process.listenerCount('beforeExit') === 0) process.exit();
    });
  });
  // Before the pipeline's own listener, which spools what this one ends.
  process.on('exit', () => {
    endOpenCalls('process_exit');
    targets.rows.saveAtExit();
  });
  // In front, because a `once` listener that ran before ours would no longer be counted.
  for (const signal of SIGNALS) process.prependListener(signal, () => onSignal(signal, targets));
}

let exiting = false;

function onSignal(signal: (typeof SIGNALS)[number], targets: FlushTargets): void {
  const exit = (): never => process.exit(128 + constants.signals[signal]);
  // Said twice: now.
  if (exiting) exit();
  if (process.listenerCount(signal) > 1) {
    void flush(targets);
    return;
  }
  exiting = true;
  endOpenCalls('process_exit');
  void finish(targets).then(exit);
}

/** Writes what has ended so far. */
async function flush({ rows, telemetry }: FlushTargets): Promise<void> {
  await Promise.all([
    settled('rows', rows.forceFlush(), ROWS_TIMEOUT_MS),
    settled('spans', telemetry?.flushTraces(), telemetry?.flushTimeoutMs),
    settled('metrics', telemetry?.flushMetrics(), telemetry?.flushTimeoutMs),
    settled('logs', telemetry?.flushLogs(), telemetry?.flushTimeoutMs),
  ]);
}

/** Writes everything, rows too. The metrics of a call are recorded when its rows are, so they go last. */
async function finish({ rows, telemetry }: FlushTargets): Promise<boolean> {
  const writeRows = async () => {
    const written = await settled('rows', rows.shutdown(), ROWS_TIMEOUT_MS);
    return (await settled('metrics', telemetry?.flushMetrics(), telemetry?.flushTimeoutMs)) && written;
  };
  const done = [
    writeRows(),
    settled('spans', telemetry?.flushTraces(), telemetry?.flushTimeoutMs),
    settled('logs', telemetry?.flushLogs(), telemetry?.flushTimeoutMs),
  ];
  return (await Promise.all(done)).every(Boolean);
}

/** Whether the work was settled in time. A failure is a diagnostic; the exit goes on. */
async function settled(what: string, work: Promise<void> | undefined, timeoutMs = 0): Promise<boolean> {
  if (work === undefined) return true;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => {
      diag.warn(`earshot: ${what} could not be delivered within ${timeoutMs / 1_000} s before the exit.`);
      resolve(false);
    }, timeoutMs).unref();
  });
  const done = work.then(
    () => true,
    (error) => {
      diag.warn(`earshot: ${what} could not be delivered before the exit: ${describeError(error)}`);
      return true;
    },
  );
  return Promise.race([done, late]).finally(() => clearTimeout(timer));
}
