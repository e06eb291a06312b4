import { DiagLogLevel, diag } from '@opentelemetry/api';
import type { DoneCall } from '../exporter/pipeline/finalizing.ts';
import type { Log, Receiver, ReceiverOptions } from '../exporter/receiver/index.ts';
import { errorClass, type PostgresOptions } from '../exporter/store/index.ts';
import type { Fact } from '../model/facts.ts';
import type { Settings } from '../model/settings.ts';
import type { CommandDatabase } from './database.ts';

/** Senders wait about ten seconds for an answer; what the database does not do by then is theirs to send again. */
const STATEMENT_TIMEOUT_MS = 8_000;
const CONNECT_TIMEOUT_MS = 3_000;
/** The thread that finalizes has one more. */
const MAX_CONNECTIONS = 5;
/** Of a stop: for the requests under way, then for the calls that have ended. Container runtimes kill after 10 s. */
const REQUESTS_GRACE_MS = 5_000;
const DRAIN_MS = 2_000;

/** How a receiver uses its database. */
export const receiverConnections = (log: Log): Omit<PostgresOptions, 'url' | 'schema'> => ({
  maxConnections: MAX_CONNECTIONS,
  connectTimeoutMs: CONNECT_TIMEOUT_MS,
  statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  onConnectionLost: (error) => log.debug('an idle connection was lost', { error: errorClass(error) }),
});

export interface ReceivingOptions
  extends Pick<ReceiverOptions, 'tokens' | 'page' | 'livekitKeys' | 'recordings'> {
  settings: Settings;
  /** Stays the caller's to close. */
  database: CommandDatabase;
  log: Log;
  /** Called with the facts that senders and the spool bring, before they are committed. */
  onFacts?: (facts: readonly Fact[]) => void;
  /** Called with each call after this process has committed its rows. */
  onFinalized?: (call: DoneCall) => void;
}

/** A receiver at work: spans in, rows out. */
export interface Receiving {
  readonly receiver: Receiver;
  /** Whether the database answers and can be written. */
  ready(): Promise<boolean>;
  /** Writes what processes that have ended have left in the spool. */
  collectSpool(): Promise<void>;
  /** Finalizes these calls, ended or not. */
  finalize(callIds: readonly string[]): Promise<void>;
  /** Answers what is under way, finalizes the calls that have ended, and stops. */
  stop(): Promise<void>;
}

/**
 * Starts what `earshot serve` is, in this process.
 * @throws the system's error when it cannot listen.
 */
export async function startReceiving(options: ReceivingOptions): Promise<Receiving> {
  const { settings, database, log, tokens, page, livekitKeys, recordings, onFacts, onFinalized } = options;
  // Loaded here and not above: the other commands start faster without it.
  const receiving = await import('../exporter/receiver/index.ts');
  const { incidentWorkerOf } = await import('./incidents/worker.ts');
  const incidents = incidentWorkerOf(database.db, settings, log);
  const metricsEndpoint = receiving.startMetricsEndpoint();
  const pipelineMetrics = new receiving.PipelineMetrics();
  const backend = new receiving.Backend({
    database: database.db,
    settings,
    metrics: pipelineMetrics,
    log,
    ...(onFinalized && { onFinalized }),
    onOpen: () => incidents?.start(),
  });
  const commit = (facts: readonly Fact[]) => {
    onFacts?.(facts);
    return backend.commit(facts);
  };
  const spool = {
    folders: receiving.spoolFolders({ ...settings, databaseUrl: database.url }),
    maxBytes: settings.spoolMaxBytes,
    metrics: pipelineMetrics,
    write: commit,
  };
  // Of agents that ended while the database was away, or before they could write.
  const stopReplaying = receiving.keepReplaying(spool);
  const close = async () => {
    await stopReplaying();
    await incidents?.stop();
    await backend.stop(DRAIN_MS);
    pipelineMetrics.shutdown();
    await metricsEndpoint.shutdown();
  };
  try {
    const receiver = await receiving.Receiver.start({
      ...settings,
      webhooks: settings,
      backend: { commit, ready: () => backend.ready(), rowsWait: () => backend.rowsWait() },
      pipelineMetrics,
      metricsEndpoint,
      log,
      tokens,
      page,
      livekitKeys,
      recordings,
    } satisfies ReceiverOptions);
    backend.start();
    return {
      receiver,
      ready: () => backend.ready(),
      collectSpool: async () => {
        await stopReplaying();
        await receiving.replayAll(spool);
      },
      finalize: (callIds) => backend.finalize(callIds),
      stop: async () => {
        await receiver.stop(REQUESTS_GRACE_MS);
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What the library would tell an application goes to a log, without what its arguments may quote. */
export function routeDiagnostics(log: Log): void {
  const to =
    (level: keyof Log) =>
    (message: string, ...details: unknown[]) => {
      const error = details.find((detail) => detail instanceof Error);
      log[level](message.replace(/^earshot: /, ''), { error: error && errorClass(error) });
    };
  diag.setLogger(
    { error: to('error'), warn: to('warn'), info: to('info'), debug: to('debug'), verbose: () => {} },
    { logLevel: DiagLogLevel.INFO, suppressOverrideMessage: true },
  );
}
