import { diag } from '@opentelemetry/api';
import type { CallLogRow, StoredCallMetrics } from '../model/rows.ts';
import { EarshotError } from './kit/errors.ts';
import type { PipelineTotals } from './metrics/pipeline-metrics.ts';
import { openPipeline, type PipelineTarget } from './pipeline/open-pipeline.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import { type CallRecord, callFact, validateCall } from './records/call.ts';
import { type RecordContext, type ServiceNames, type TurnRecord, turnFacts } from './records/turn.ts';

export { EarshotError, type ErrorCode, InvalidRecordError } from './kit/errors.ts';
export type { CallRecord } from './records/call.ts';
export type { TurnRecord } from './records/turn.ts';

const NO_DATABASE =
  'TelemetryService has no database: set DATABASE_URL, or give `databaseUrl` or `database`.';

/** Where turns go. Without a database they are not recorded, and that is said once. */
export interface TelemetryServiceOptions extends PipelineTarget {
  /** Goes into `service_name`. (Default: none.) */
  serviceName?: string;
  /** Its version: `service_version` of the rows. (Default: unknown.) */
  serviceVersion?: string;
  /** Where it runs, such as production: `deployment_environment`. (Default: unknown.) */
  deploymentEnvironment?: string;
  /** Keep what was said. (Default: `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`, which is off.) */
  captureContent?: boolean;
}

/** A row without turns that were recorded would look complete; so they have longer than at an exit. */
const FLUSH_TIMEOUT_MS = 30_000;

/**
 * Calls and turns for code that has numbers but no spans. They go the way of spans: into the same journal, finalized by
 * the same computation.
 *
 *     const telemetry = new TelemetryService({ databaseUrl });
 *     telemetry.recordTurn({ callId, turnIndex: 0, ttfbLlm: 0.21, eouLatency: 0.9, llmInputTokens: 800 });
 *     await telemetry.finalizeCall(callId, { outcome: 'SUCCESS' });
 */
export class TelemetryService {
  readonly #pipeline: Pipeline | undefined;
  readonly #service: ServiceNames;
  readonly #captureContent: boolean;
  #shutdown: Promise<void> | undefined;

  constructor({
    serviceName,
    serviceVersion,
    deploymentEnvironment,
    ...target
  }: TelemetryServiceOptions = {}) {
    const { pipeline, settings } = openPipeline(target, `earshot: ${NO_DATABASE} Turns are not recorded.`);
    this.#pipeline = pipeline;
    this.#service = { serviceName, serviceVersion, deploymentEnvironment };
    this.#captureContent = settings.captureContent;
  }

  /** What was taken in, written and lost so far; undefined without a database. */
  get totals(): PipelineTotals | undefined {
    return this.#pipeline?.metrics.totals;
  }

  /**
   * Takes a turn in, to be written within the flush interval. Never throws and never waits: a record that is not valid
   * is reported, counted and dropped.
   */
  recordTurn(turn: TurnRecord): void {
    if (this.#pipeline === undefined || this.#shutdown !== undefined) return;
    try {
      for (const fact of turnFacts(turn, this.#context())) this.#pipeline.accept(fact);
    } catch (error) {
      this.#pipeline.metrics.dropped(1, 'invalid');
      diag.error('earshot: a turn is not recorded; the call goes on.', error);
    }
  }

  /**
   * Ends a call and writes its rows, in one transaction: either all of it is there afterwards, or the rows are as they
   * were. Turns recorded before are in it. Again for the same call, the first record of the call stands.
   * @returns the call's row.
   * @throws InvalidRecordError; else EarshotError, whose `cause` says what the database or the computation had against it.
   * The turns are kept, and the call can be finalized again.
   */
  async finalizeCall(callId: string, call: CallRecord = {}): Promise<StoredCallMetrics> {
    validateCall(callId, call);
    const pipeline = this.#running();
    const context = this.#context();
    try {
      if (!(await pipeline.flush(FLUSH_TIMEOUT_MS)))
        throw new Error('the database did not take what was recorded; it waits in the spool');
      const connection = await pipeline.connect();
      const known = await connection.finalizeNow({
        fact: callFact(callId, call, context),
        startsWithFirst: call.startedAt === undefined,
      });
      if (known === 0 && Object.keys(call).length === 0) warnOfUnknown(callId);
    } catch (cause) {
      throw new EarshotError(
        'EARSHOT_NOT_FINALIZED',
        'The call was not finalized; nothing was changed. It can be tried again.',
        { cause },
      );
    }
    const row = await this.getCallMetrics(callId);
    if (row === undefined)
      throw new EarshotError('EARSHOT_NO_ROW', 'The call has no row: it was removed in the meantime.');
    return row;
  }

  /**
   * The row of a call; undefined when it has none (yet).
   * @throws the driver's error, or EarshotError without a database or after `shutdown`.
   */
  async getCallMetrics(callId: string): Promise<StoredCallMetrics | undefined> {
    const { db } = await this.#running().connect();
    const { getCallMetrics } = await import('./store/read.ts');
    return getCallMetrics(db, callId);
  }

  /**
   * The rows of a call's turns, ordered by `turn_index`. Turns have rows once their call was finalized.
   * @throws as `getCallMetrics` does.
   */
  async getCallLogs(callId: string): Promise<CallLogRow[]> {
    const { db } = await this.#running().connect();
    const { getCallLogs } = await import('./store/read.ts');
    return getCallLogs(db, callId);
  }

  /**
   * Writes what waits and closes the database, within five seconds; what could not be written by then is in the spool.
   * Once: every caller gets the same promise. Turns recorded afterwards are ignored.
   * @throws EarshotError when turns could be saved nowhere.
   */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#pipeline?.shutdown() ?? Promise.resolve();
    return this.#shutdown;
  }

  #running(): Pipeline {
    if (this.#pipeline === undefined) throw new EarshotError('EARSHOT_NO_DATABASE', NO_DATABASE);
    if (this.#shutdown !== undefined)
      throw new EarshotError('EARSHOT_SHUT_DOWN', 'TelemetryService was shut down.');
    return this.#pipeline;
  }

  #context(): RecordContext {
    return {
      nowUs: Date.now() * 1_000,
      ...this.#service,
      captureContent: this.#captureContent,
    };
  }
}

/** A call that was not answered has no turns; one that nothing at all is known of is most likely a mistake. */
function warnOfUnknown(callId: string): void {
  diag.warn(
    `earshot: finalizeCall: saw ${JSON.stringify(callId.slice(0, 80))}, of which no turn and no span is known; expected the id of a recorded call. Its row is empty. Give the id that recordTurn was given, or say what is known: { outcome: 'NO_ANSWER' }.`,
  );
}
