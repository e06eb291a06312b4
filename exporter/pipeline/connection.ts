import { hostname } from 'node:os';
import { diag } from '@opentelemetry/api';
import type { Fact } from '../../model/facts.ts';
import { safeText } from '../../model/safe-text.ts';
import { databaseVariable, type Settings } from '../../model/settings.ts';
import { Episode } from '../kit/episode.ts';
import { recordCallMetrics } from '../metrics/call-metrics.ts';
import type { PipelineMetrics } from '../metrics/pipeline-metrics.ts';
import type { PriceList } from '../pricing/index.ts';
import {
  callKey,
  type Database,
  errorClass,
  type FailedCall,
  type FinalizedCall,
  FinalizeWorker,
  getJournalFacts,
  Journal,
  keepRetention,
  keyOf,
  lastingProblem,
  migrate,
  migratingAgain,
  openPostgres,
  Queue,
  type QueueState,
} from '../store/index.ts';
import { Finalizer } from './finalizer.ts';
import type { OwnCalls } from './own-calls.ts';
import { loadPriceList } from './price-list.ts';

/** The settings that an open database needs. */
export type ConnectionSettings = Pick<
  Settings,
  | 'finalizeDelay'
  | 'idleLimit'
  | 'maxCallSpans'
  | 'callGap'
  | 'spanRetention'
  | 'pricing'
  | 'prices'
  | 'schema'
>;

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
  onFinalized?: ((call: FinalizedCall) => void) | undefined;
}

/** An open, migrated database with all that works on it. */
export interface Connection {
  readonly db: Database;
  readonly journal: Journal;
  readonly worker: FinalizeWorker;
  queueState(): Promise<QueueState>;
  /**
   * Appends facts of one call of the default tenant and finalizes it with all that the journal has of it, in one transaction.
   * @param complete - given what the journal has already, the facts to append
   * @throws whatever goes wrong; then nothing has changed.
   */
  finalizeNow(callId: string, complete: (known: readonly Fact[]) => readonly Fact[]): Promise<void>;
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
    ? openPostgres({ url: database, schema: settings.schema, statementTimeoutMs })
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
  const { pricing, prices } = settings;
  const finalizer = new Finalizer({
    priceList,
    settings: options.priceList === undefined ? { pricing, prices } : undefined,
  });
  const journalOptions = { finalizeDelayMs: settings.finalizeDelay, idleLimitMs: settings.idleLimit };
  const queue = new Queue(db, {
    finalize: (facts) => finalizer.finalize(facts),
    workerId: `${hostname()}:${process.pid}`,
    maxCallSpans: settings.maxCallSpans,
    callGapMs: settings.callGap,
  });
  const { ownCalls } = options;
  const unwritten = new Episode();
  let recorded: Promise<unknown> = Promise.resolve();
  const onFinalized = (call: FinalizedCall) => {
    const { rows, first } = call;
    unwritten.end((seconds) =>
      diag.info(`earshot: calls get their rows again, after ${seconds.toFixed(1)} s.`),
    );
    ownCalls?.finalized(keyOf(rows.metrics));
    metrics.finalized(1);
    // A meter of the application's own may throw.
    if (first) recorded = Promise.all([recorded, recordCallMetrics(rows).catch(() => {})]);
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
  const stopRetention = keepRetention(db, { retentionMs: settings.spanRetention });

  return {
    db,
    journal: new Journal(db, journalOptions),
    worker,
    queueState: () => queue.state(),
    async finalizeNow(callId, complete) {
      const finalized = await db.transaction(async (tx) => {
        const facts = complete(await getJournalFacts(tx, callId, settings.maxCallSpans));
        const { refused } = await new Journal(tx, journalOptions).append(facts);
        if (refused[0] !== undefined) throw new Error(`The database refused the call: ${refused[0].reason}.`);
        return queue.finalizeIn(tx, [callKey(callId)]);
      });
      for (const call of finalized) onFinalized(call);
    },
    async close() {
      await Promise.all([worker.stop(), stopRetention()]);
      await recorded;
      await finalizer.close();
      await closeDatabase();
    },
  };
}

function onFailedCall({ callId, error, resting }: FailedCall): void {
  // Not the error itself: a database quotes the row that it refuses.
  const what = `earshot: call ${safeText(callId)} could not be turned into rows (${errorClass(error)})`;
  if (resting) diag.error(`${what} and is given up until a new span of it arrives.`);
  else diag.warn(`${what} and is tried again later.`);
}
