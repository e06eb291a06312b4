import {
  type Database,
  type Estimates,
  findCalls,
  getCallFacts,
  getCallLogs,
  getCallMetrics,
  partsOf,
} from '../../exporter/store/index.ts';
import type { Fact } from '../../model/facts.ts';
import type { CallLogRow, CallMetricsRow } from '../../model/rows.ts';
import { safeText, withSafeTexts } from '../../model/safe-text.ts';
import type { Settings } from '../../model/settings.ts';
import { CommandError, type Io } from '../command.ts';
import { callDetails } from '../render/call-details.ts';
import { toJson } from '../render/json.ts';
import { legend } from '../render/marks.ts';
import { painter, wrapped } from '../render/text.ts';
import { waterfall } from '../render/waterfall.ts';

export interface OneCallOptions {
  json?: boolean;
  /** (Default: of all tenants.) */
  tenants?: readonly string[] | undefined;
  /** Times in UTC and not in the time zone of the machine. (Default: false.) */
  utc?: boolean;
  /** To compute a call that goes on. (Default: only finished calls are shown.) */
  settings?: Settings;
}

/** A call's rows and spans: from the tables, or computed from its spans so far while it goes on. */
interface OneCall {
  metrics: CallMetricsRow;
  turns: readonly CallLogRow[];
  facts: readonly Fact[];
  running: boolean;
}

/**
 * One call, turn by turn: by its id, or by the beginning of its id where that is one call's.
 * @throws CommandError when there is none, or several.
 */
export async function showCall(db: Database, given: string, options: OneCallOptions, io: Io): Promise<void> {
  const call = await readCall(db, given, options);
  const { metrics, turns, running } = call;
  if (options.json === true) return io.out(toJson({ ...metrics, ...(running && { running }), turns }));
  const paint = painter(io.colour);
  const details = { estimates: estimatesOf(turns), utc: options.utc === true, screen: io.width, running };
  const facts = withSafeTexts(call.facts);
  const text = [
    callDetails(withSafeTexts(metrics), details, paint),
    ...turns.map((turn) => waterfall(withSafeTexts(turn), facts, io.width, paint)),
  ].join('\n\n');
  const marks = legend(text);
  io.out(
    [text, ...(marks.length > 0 ? ['', paint('dim', wrapped(marks.join(', '), io.width))] : [])].join('\n'),
  );
}

/** As a narrow table cuts an id: `CAc74d97b01…`. */
const CUT = /(…|\.\.\.)$/;

async function readCall(
  db: Database,
  given: string,
  { settings, tenants }: OneCallOptions,
): Promise<OneCall> {
  const id = given.replace(CUT, '');
  const { finished, running } = await findCalls(db, id, tenants);
  const found = [...finished, ...(settings === undefined ? [] : running)];
  const [key] = found;
  if (key === undefined)
    throw new CommandError(
      `there is no finished call ${safeText(given)}, and none whose id begins so. earshot report lists those there are.`,
    );
  const { tenant, callId } = partsOf(key);
  if (found.length > 1 && found.every((each) => partsOf(each).callId === callId))
    throw new CommandError(
      `several tenants have a call ${safeText(callId)}: ${found.map((each) => safeText(partsOf(each).tenant)).join(', ')}. Choose one with --tenant.`,
    );
  if (found.length > 1)
    throw new CommandError(
      `several calls begin with ${safeText(given)}: ${found
        .slice(0, 5)
        .map((each) => safeText(partsOf(each).callId))
        .join(', ')}${found.length > 5 ? ', …' : ''}. Give more of the id.`,
    );
  const [metrics, turns, facts] = await Promise.all([
    getCallMetrics(db, callId, tenant),
    getCallLogs(db, callId, tenant),
    getCallFacts(db, callId, undefined, undefined, tenant),
  ]);
  if (metrics !== undefined) return { metrics, turns, facts, running: false };
  const { runningCall } = await import('./running.ts');
  const rows = settings && (await runningCall(db, key, settings));
  if (!rows) throw new CommandError(`there is no finished call ${safeText(callId)}.`);
  return { metrics: rows.metrics, turns: rows.logs, facts: rows.facts, running: true };
}

const estimatesOf = (turns: readonly CallLogRow[]): Estimates => ({
  silence: turns.some((turn) => turn.playback_source === 'estimated'),
  cost: turns.some((turn) => turn.usage_estimated === true),
});
