import { constants } from 'node:os';
import { diag } from '@opentelemetry/api';
import { endOpenCalls } from '../call/call.ts';
import { deliverBy } from '../call/delivery.ts';
import { answers, printable } from '../otel/collector.ts';
import { describeError } from '../otel/diagnostics.ts';
import type { Delivery, Telemetry } from '../otel/otel.ts';
import type { Rows } from './row-writer.ts';

/** How long an exit may wait for the database. The processor keeps to it and spools to disk what is left. */
const ROWS_TIMEOUT_MS = 5_000;
/** How long it may wait for a collector that is there. */
const EXPORT_TIMEOUT_MS = 5_000;
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

export interface FlushTargets {
  rows: Rows;
  /** Absent when the application has brought its own SDK, which is its own to flush. */
  telemetry?: Telemetry;
}

/**
 * Saves telemetry when the application asks for it, and when the process ends: when it has nothing left to do, and on
 * SIGTERM and SIGINT. The exit stays the application's: with a listener of its own for the signal it may drain calls for
 * minutes, so only what is there is written. `process.exit`, with open calls or without, leaves time for the disk only:
 * calls are ended, and what is not in the database goes to the spool.
 */
export function flushOnExit(targets: FlushTargets): void {
  deliverBy(() => flush(targets));
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
  const deliver = exporting();
  await Promise.all([
    settled('rows', rows.forceFlush(), ROWS_TIMEOUT_MS),
    deliver('spans', telemetry?.spans),
    deliver('metrics', telemetry?.metrics),
    deliver('logs', telemetry?.logs),
  ]);
}

/** Writes everything, rows too. The metrics of a call are recorded when its rows are, so they go last. */
async function finish({ rows, telemetry }: FlushTargets): Promise<boolean> {
  const deliver = exporting();
  const writeRows = async () => {
    const written = await settled('rows', rows.shutdown(), ROWS_TIMEOUT_MS);
    return (await deliver('metrics', telemetry?.metrics)) && written;
  };
  const done = [writeRows(), deliver('spans', telemetry?.spans), deliver('logs', telemetry?.logs)];
  return (await Promise.all(done)).every(Boolean);
}

/** Delivers to collectors, as long as something listens at their endpoints. One where nothing does is said once. */
function exporting(): (what: string, delivery: Delivery | undefined) => Promise<boolean> {
  const absences = new Map<string, Promise<void>>();
  const absence = (endpoint: string): Promise<void> => {
    const found = absences.get(endpoint) ?? absent(endpoint);
    absences.set(endpoint, found);
    return found;
  };
  return async (what, delivery) => {
    if (delivery === undefined) return true;
    const { endpoint } = delivery;
    return settled(
      what,
      delivery.flush(),
      EXPORT_TIMEOUT_MS,
      endpoint === undefined ? undefined : absence(endpoint),
    );
  };
}

/** Settles when nothing listens at an endpoint, and only then. */
async function absent(endpoint: string): Promise<void> {
  if (await answers(endpoint)) return new Promise(() => {});
  diag.warn(
    `earshot: nothing answers at ${printable(endpoint)} (OTEL_EXPORTER_OTLP_ENDPOINT): spans and metrics are not delivered. Rows do not depend on it.`,
  );
}

/** Whether the work was settled in time, and not given up. A failure is a diagnostic; the exit goes on. */
async function settled(
  what: string,
  work: Promise<void> | undefined,
  timeoutMs: number,
  giveUp?: Promise<void>,
): Promise<boolean> {
  if (work === undefined) return true;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => {
      diag.warn(`earshot: ${what} could not be delivered within ${timeoutMs / 1_000} s.`);
      resolve(false);
    }, timeoutMs).unref();
  });
  const done = work.then(
    () => true,
    (error) => {
      diag.warn(`earshot: ${what} could not be delivered: ${describeError(error)}`);
      return true;
    },
  );
  const ways = [done, late, ...(giveUp ? [giveUp.then(() => false)] : [])];
  return Promise.race(ways).finally(() => clearTimeout(timer));
}
