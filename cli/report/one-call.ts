import {
  type Database,
  getCallFacts,
  getCallLogs,
  getCallMetrics,
  getCallScores,
  partsOf,
} from '../../exporter/store/index.ts';
import { safeText } from '../../model/safe-text.ts';
import type { Settings } from '../../model/settings.ts';
import { CommandError, type Io } from '../command.ts';
import { toJson } from '../render/json.ts';
import { callJson, type OneCall } from './call-json.ts';
import { callText } from './call-text.ts';
import { findCall } from './find-call.ts';

export interface OneCallOptions {
  json?: boolean;
  /** (Default: of all tenants.) */
  tenants?: readonly string[] | undefined;
  /** Times in UTC and not in the time zone of the machine. (Default: false.) */
  utc?: boolean;
  /** To compute a call that goes on. (Default: only finished calls are shown.) */
  settings?: Settings;
}

/**
 * One call, turn by turn: by its id, or by the beginning of its id where that is one call's.
 * @throws CommandError when there is none, or several.
 */
export async function showCall(db: Database, given: string, options: OneCallOptions, io: Io): Promise<void> {
  const call = await readCall(db, given, options);
  if (options.json === true) return io.out(toJson(callJson(call)));
  io.out(callText(call, options.utc === true, io));
}

async function readCall(
  db: Database,
  given: string,
  { settings, tenants }: OneCallOptions,
): Promise<OneCall> {
  const key = await findCall(db, given, tenants, settings !== undefined);
  const { tenant, callId } = partsOf(key);
  const [metrics, turns, facts, scores] = await Promise.all([
    getCallMetrics(db, callId, tenant),
    getCallLogs(db, callId, tenant),
    getCallFacts(db, callId, undefined, undefined, tenant),
    getCallScores(db, callId, tenant),
  ]);
  if (metrics !== undefined) return { metrics, turns, facts, scores, running: false };
  const { runningCall } = await import('./running.ts');
  const rows = settings && (await runningCall(db, key, settings));
  if (!rows) throw new CommandError(`there is no finished call "${safeText(callId)}".`);
  return {
    ...{ metrics: rows.metrics, turns: rows.logs, facts: rows.facts },
    ...{ scores: rows.scores ?? [], running: true },
  };
}
