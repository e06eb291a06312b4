/** The journal, the queue and the rows in PostgreSQL, for the other rooms. What users need of it is in `public.ts`. */
export type {
  CallLogRow,
  CallMetricsRow,
  CallRows,
  CallScoreRow,
  StoredCallMetrics,
} from '../../model/rows.ts';
export { readSizes } from './call-facts.ts';
export { type CallKey, callKey, keyOf, partsOf } from './call-key.ts';
export { type CallTotals, callTotals } from './call-totals.ts';
export { canWrite } from './can-write.ts';
export {
  ClaimedCalls,
  type ClaimedGroup,
  type FailedCall,
  type FinalizedCall,
  type TakeResult,
} from './claimed-calls.ts';
export {
  CALL_LOGS,
  CALL_METRICS,
  CALL_SPANS,
  type Columns,
  type ColumnType,
  STORED_METRICS,
  STORED_SPANS,
} from './columns.ts';
export type { Finalize } from './compute.ts';
export { type Database, DEFAULT_SCHEMA, type Queryable, schemaNamer } from './database.ts';
export { deleteTaggedCalls } from './delete-calls.ts';
export { deletedCalls } from './deleted-calls.ts';
export { assertCitus, DistributeError, distributeJournal } from './distribute.ts';
export {
  ConnectionError,
  errorClass,
  errorCode,
  isDataError,
  isOfOneCall,
  RETRYABLE_ERROR_CODES,
  SchemaError,
} from './errors.ts';
export { factsOfRows } from './facts-of-rows.ts';
export type { CallFilter } from './filter.ts';
export { findCalls, listRunningCalls } from './find-calls.ts';
export {
  findIncidents,
  type IncidentFilter,
  incidentId,
  listIncidents,
  openIncidents,
  writeIncidents,
} from './incidents/incidents.ts';
export { claimLook, type LastLook, lookedUntil, noteLook } from './incidents/looks.ts';
export {
  claimMessage,
  forgetMessage,
  type IncidentMessage,
  putOffMessage,
  queueMessage,
} from './incidents/messages.ts';
export { readWatchedTurns } from './incidents/turns.ts';
export { type AppendResult, Journal, type JournalOptions, type RefusedFact } from './journal.ts';
export { beginOf, type Day, dayOf, JournalDays } from './journal-days.ts';
export { noteExported } from './journal-exports.ts';
export { lastingProblem } from './lasting.ts';
export { checkSchema, type Migration, type MigrationResult, migrate } from './migrate.ts';
export { migratingAgain } from './migrate-again.ts';
export { partitionJournal, wholeJournal } from './partition-journal.ts';
export { openPostgres, optionsOf, type PostgresOptions, reachedAs } from './postgres.ts';
export {
  ClaimQueue,
  type GroupWork,
  Queue,
  type QueueOptions,
  type QueueState,
  type TakeOptions,
} from './queue.ts';
export {
  getCallFacts,
  getCallLogs,
  getCallMetrics,
  getJournalFacts,
  type ListCallsOptions,
  listCalls,
  listRestingCalls,
  type RestingCall,
} from './read.ts';
export { COST_COLUMNS, type RepriceOptions, type Repricing, reprice } from './reprice.ts';
export {
  deleteExpiredSpans,
  type Expired,
  type Expiry,
  expireSpans,
  keepRetention,
  type RetentionOptions,
} from './retention.ts';
export { rollUpAll } from './rollups/roll-up.ts';
export { RollupWorker } from './rollups/worker.ts';
export { writeCallRows } from './rows.ts';
export { getCallScores, giveScores, scoreMeans, scoresOfCalls } from './scores.ts';
export {
  CALL_SORTS,
  type CallSort,
  type Estimates,
  estimatesOfCalls,
  selectCalls,
  streamCalls,
  turnsOfCalls,
} from './select-calls.ts';
export { settledInstant } from './settled.ts';
export { type CallWithFacts, streamFacts, withFacts } from './stream-facts.ts';
export { type JournalSlice, type StoredSpan, streamSpans } from './stream-spans.ts';
export { useTenantKeys } from './tenant-keys.ts';
export type { ModelSpeed } from './totals-statements.ts';
export { FinalizeWorker, type FinalizeWorkerOptions } from './worker.ts';
