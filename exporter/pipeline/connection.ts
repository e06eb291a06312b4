import { hostname } from 'node:os';
import { diag } from '@opentelemetry/api';
import { safeText } from '../../model/safe-text.ts';
import { databaseVariable, type Settings } from '../../model/settings.ts';
import { finalizeCall } from '../finalize.ts';
import { Episode } from '../kit/episode.ts';
import { recordCallMetrics } from '../metrics/call-metrics.ts';
import type { PipelineMetrics } from '../metrics/pipeline-metrics.ts';
import type { PriceList } from '../pricing/index.ts';
import {
  ClaimQueue,
  type Database,
  errorClass,
  type FailedCall,
  FinalizeWorker,
  isOfOneCall,
  Journal,
  keepRetention,
  keyOf,
  lastingProblem,
  migrate,
  migratingAgain,
  openPostgres,
  optionsOf,
  type QueueState,
  RollupWorker,
} from '../store/index.ts';
import { Finalizer } from './finalizer.ts';
import type { ThreadData } from './finalizer-messages.ts';
import { type DoneCall, type EndingCall, FinalizingHere, type FinalizingSettings } from './finalizing.ts';
import type { OwnCalls } from './own-calls.ts';
import { loadPriceList } from './price-list.ts';
import { retentionReport } from './retention-report.ts';

/** The settings that an open database needs. */
export type ConnectionSettings = FinalizingSettings &
  Pick<Settings, 'spanRetention' | 'exportWait' | 'pricing' | 'prices' | 'schema'>;

/** Of this process; the thread that finalizes has one more. */
const MAX_CONNECTIONS = 3;

export interface ConnectionOptions {
  /** URL of PostgreSQL, or an open database, which stays the caller's to close. */
  database: string | Database;
  settings: ConnectionSettings;
  priceList: PriceList | undefined;
  metrics: PipelineMetrics;
  /** For one statement, in milliseconds. */
  statementTimeoutMs: number;
  /** Calls that are finalized in one transaction, where many are due. (Default: that of the worker.) */
  callsPerTransaction?: number;
  /** The calls of this process, which leaves others to theirs. (Default: it finalizes whatever is due.) */
  ownCalls?: OwnCalls;
  /** Called with each call after its rows are committed by this process. */
  onFinalized?: ((call: DoneCall) => void) | undefined;
}

/** An open, migrated database with all that works on it. */
export interface Connection {
  readonly db: Database;
  readonly journal: Journal;
  readonly worker: FinalizeWorker<DoneCall>;
  queueState(): Promise<QueueState>;
  /** Whether calls wait for rows that the database does not take, for a reason that will not mend itself. */
  rowsWait(): boolean;
  /**
   * Ends a call of the default tenant and finalizes it with all that the journal has of it, in one transaction.
   * @returns how many facts the journal had of it before.
   * @throws whatever goes wrong; then nothing has changed.
   */
  finalizeNow(call: EndingCall): Promise<number>;
  /** Ends the work and, unless it is the caller's, the database. Never throws. */
  close(): Promise<void>;
}

/**
 * Opens the database, brings it to the newest schema and begins to finalize calls.
 * @throws the driver's error, or SchemaError.
 */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { database, settings, metrics, statementTimeoutMs } = options;
  const priceList =
    options.priceList ?? (await loadPriceList(settings, (text) => diag.warn(`earshot: ${text}`)));
  const owned = typeof database === 'string';
  const opened = owned
    ? openPostgres({
        url: database,
        schema: settings.schema,
        statementTimeoutMs,
        maxConnections: MAX_CONNECTIONS,
      })
    : database;
  const closeDatabase = async () => {
    if (owned) await opened.close().catch(() => {});
  };
  try {
    await migrate(opened);
  } catch (error) {
    await closeDatabase();
    throw error;
  }

  const db = migratingAgain(opened);
  const workerId = `${hostname()}:${process.pid}`;
  const { maxCallSpans } = settings;
  const { ownCalls } = options;
  const finalizer = new Finalizer({
    here: new FinalizingHere(db, (facts) => finalizeCall(facts, priceList), settings, workerId),
    thread: options.priceList === undefined ? threadOf(opened, { ...options, workerId }) : undefined,
    ...(ownCalls !== undefined && { isOwn: (call) => ownCalls.has(call) }),
  });
  const queue = new ClaimQueue(db, finalizer, { maxCallSpans });
  const unwritten = new Episode();
  const rollups = new RollupWorker(db, { onError: onRollupError });
  let recorded: Promise<unknown> = Promise.resolve();
  const onFinalized = (call: DoneCall) => {
    unwritten.end((seconds) =>
      diag.info(`earshot: calls get their rows again, after ${seconds.toFixed(1)} s.`),
    );
    ownCalls?.finalized(keyOf(call.metrics));
    metrics.finalized(1);
    rollups.wake();
    // A meter of the application's own may throw.
    recorded = Promise.all([recorded, recordCallMetrics(call.measurements).catch(() => {})]);
    options.onFinalized?.(call);
  };
  const worker = new FinalizeWorker({
    queue,
    onFinalized,
    onError: (error, call) => {
      if (call !== undefined) return onFailedCall(call);
      // The writer reports a database that is away; of one that answers and takes no rows it may know nothing.
      const problem = lastingProblem(error);
      if (problem === undefined) return;
      unwritten.begin(() =>
        diag.error(`earshot: calls wait for their rows. ${databaseVariable()}: ${problem}`),
      );
    },
    ...(ownCalls !== undefined && { own: () => ownCalls.calls }),
    ...(options.callsPerTransaction !== undefined && { batch: options.callsPerTransaction }),
  });
  worker.start();
  rollups.start();
  const stopRetention = keepRetention(db, {
    retentionMs: settings.spanRetention,
    exportWaitMs: settings.exportWait,
    onRound: retentionReport(metrics),
  });

  return {
    db,
    journal: new Journal(db, {
      finalizeDelayMs: settings.finalizeDelay,
      idleLimitMs: settings.idleLimit,
    }),
    worker,
    queueState: () => queue.state(),
    rowsWait: () => unwritten.ageMs > 0,
    async finalizeNow(call) {
      const { known, finalized } = await finalizer.end(call);
      for (const each of finalized) onFinalized(each);
      return known;
    },
    async close() {
      await Promise.all([worker.stop(), rollups.stop(), stopRetention()]);
      await recorded;
      await finalizer.close();
      await closeDatabase();
    },
  };
}

/** The thread has one connection, like those of the process. */
function threadOf(
  db: Database,
  { settings, ownCalls, workerId }: Pick<ConnectionOptions, 'settings' | 'ownCalls'> & { workerId: string },
): ThreadData | undefined {
  const postgres = optionsOf(db);
  if (postgres === undefined) return undefined;
  const { finalizeDelay, idleLimit, maxCallSpans, callGap, pricing, prices } = settings;
  const { onConnectionLost: _, ...options } = postgres;
  return {
    postgres: { ...options, maxConnections: 1 },
    settings: { finalizeDelay, idleLimit, maxCallSpans, callGap, pricing, prices },
    workerId,
    yields: ownCalls !== undefined,
  };
}

function onFailedCall({ callId, error, resting }: FailedCall): void {
  // Not the error itself: a database quotes the row that it refuses.
  const what = `earshot: call ${safeText(callId)} could not be turned into rows (${errorClass(error)})`;
  if (resting) diag.error(`${what} and is given up until a new span of it arrives.`);
  else diag.warn(`${what} and is tried again later.`);
}

function onRollupError(error: unknown): void {
  // The writer reports a database that is away.
  if (isOfOneCall(error)) {
    diag.warn(`earshot: rollups could not be computed (${errorClass(error)}), and are tried again later.`);
  }
}
