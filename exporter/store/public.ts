/**
 * `earshot/store`: a database of earshot for programs of your own. Open it, bring it to the newest schema, read calls, turns
 * and facts, price calls again, delete what has expired. How spans become rows is not part of it and may change.
 */
export type { Fact } from '../../model/facts.ts';
export type { CallLogRow, CallMetricsRow, CallScoreRow, StoredCallMetrics } from '../../model/rows.ts';
export type { Score } from '../../model/scores.ts';
export { InvalidRecordError } from '../kit/errors.ts';
export { type CallKey, callKey } from './call-key.ts';
export type { Database, Queryable } from './database.ts';
export { ConnectionError, SchemaError } from './errors.ts';
export type { CallFilter } from './filter.ts';
export { checkSchema, type MigrationResult, migrate } from './migrate.ts';
export { openPostgres, type PostgresOptions } from './postgres.ts';
export { getCallFacts, getCallLogs, getCallMetrics, type ListCallsOptions, listCalls } from './read.ts';
export { type RepriceOptions, type Repricing, reprice } from './reprice.ts';
export { deleteExpiredSpans } from './retention.ts';
export { getCallScores, giveScores } from './scores.ts';
